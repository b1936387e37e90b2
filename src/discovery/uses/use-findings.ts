import { type Finding, finding } from '../../finding.ts'
import type { Document, UnreadableDocument } from '../../kubernetes/documents/document.ts'
import { partialListProblem } from '../../kubernetes/documents/partial-list.ts'
import { formatPath, type Path } from '../../kubernetes/documents/path.ts'
import { PULL_POLICIES, type PullPolicy } from '../../kubernetes/objects/pull-policy.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { findReference, referenceProblem } from '../../oci/reference.ts'
import { mayHoldImages } from '../classify/promising.ts'
import type { ImageUse } from './image-use.ts'

/** What is wrong, or will be offline, with an image that a pod spec names. */
export function findingsOfUse(use: ImageUse): Finding[] {
  if (use.confidence === 'possible') return []
  return [referenceFinding(use), policyFinding(use), tagFinding(use)].filter((found) => found !== undefined)
}

/** A container of a pod spec without a usable image. */
export function gapFinding(
  use: Pick<ImageUse, 'workload' | 'container' | 'file' | 'line'>,
  found: unknown,
  { source, line }: { readonly source: string; readonly line: number } = { source: '', line: 1 },
): Finding {
  const at = { file: use.file, line: use.line }
  const place = placeOf(use)
  if (found === undefined) return finding('IMAGE_MISSING', `${place}: names no image`, at)
  // ytt says in a comment what stands there: `image: #@ data.values.image`.
  const ytt = found === null ? /#@.*/.exec(source.split('\n')[use.line - line] ?? '')?.[0] : undefined
  if (ytt !== undefined) return unresolvedFinding(use, ytt, 'error')
  if (found === '' || found === null) {
    return finding('IMAGE_EMPTY', `${place}: the image is empty, which the API server rejects`, at)
  }
  return finding('IMAGE_NOT_TEXT', `${place}: the image is no text: ${JSON.stringify(found)?.slice(0, 80)}`, {
    hint: 'Put the reference in quotes: YAML reads a bare 1.27 as a number.',
    ...at,
  })
}

/** An image whose name is not complete; in a pod spec it is what the kubelet would get. */
export function unresolvedFinding(
  use: Pick<ImageUse, 'workload' | 'container' | 'file' | 'line'>,
  text: string,
  severity: 'error' | 'warning' | 'info',
): Finding {
  const message = `${placeOf(use)}: the image ${JSON.stringify(text)} is not complete: something fills it in later`
  return finding('IMAGE_UNRESOLVED', message, { severity, file: use.file, line: use.line })
}

interface Elsewhere {
  readonly code: 'CHART_ELSEWHERE' | 'MANIFESTS_ELSEWHERE' | 'OPERATOR_CHOOSES' | 'VALUE_NOT_READ'
  readonly what: string
  readonly instead?: string | undefined
}

/** A resource of which something else makes workloads that are not known here. */
export function elsewhereFinding(
  use: Pick<ImageUse, 'workload' | 'container' | 'file' | 'line'>,
  made: Elsewhere,
  severity: 'warning' | 'info' = 'warning',
): Finding {
  return finding(made.code, `${placeOf(use)}: ${sentenceOf(made)}`, { severity, file: use.file, line: use.line })
}

function sentenceOf({ code, what, instead }: Elsewhere): string {
  switch (code) {
    case 'CHART_ELSEWHERE':
      return `${what.startsWith('artifact') ? 'names' : 'installs'} the ${what}, whose images are not known here`
    case 'MANIFESTS_ELSEWHERE':
      return `takes ${what}, whose images are not known here`
    case 'VALUE_NOT_READ':
      return what
    case 'OPERATOR_CHOOSES':
      return `an operator chooses images for ${what}${instead === undefined ? ', and none is named' : `; ${instead}`}`
  }
}

/** A document that names no kind and has keys of images, and no image that could be read. */
export function withoutKindFinding(file: string, line: number, part: Path | undefined): Finding {
  const said = part
    ? `and ${formatPath(part)} is a part of an image whose repository is elsewhere`
    : 'has keys of images, and no image could be read'
  return finding('DOCUMENT_WITHOUT_KIND', `names no kind, ${said}`, { file, line })
}

/** A script or template with keys of images, and no image that could be read. */
export function silentTextFinding(file: string): Finding {
  return finding('NOT_READ', `${file}: is about images, and none in it could be read`, {
    hint: 'Scan what is made of it, or name its images with --image REF; or name it in .nodeseedignore.',
    file,
  })
}

/** A document that cannot be read. */
export function unreadableFinding({ file, line, problem, source }: UnreadableDocument): Finding {
  // A resource that is cut off may have had its images in the rest.
  const mayBeResource = /\b(?:kind|apiVersion|spec|containers?)\b/.test(source)
  const severity = mayBeResource || mayHoldImages(source) ? 'error' : 'warning'
  const hint = problem.startsWith('tab characters') ? TABS : undefined
  return finding('DOCUMENT_UNREADABLE', `not readable as YAML or JSON: ${problem}`, { severity, hint, file, line })
}

/** A document that is a page of a list: what the other pages name is missing. */
export function partialListFindings({ file, line, value }: Pick<Document, 'file' | 'line' | 'value'>): Finding[] {
  const problem = partialListProblem(value)
  if (problem === undefined) return []
  const hint =
    'Write all of it: kubectl get reads every page; a request of your own wants no limit, or each continue token.'
  return [finding('DOCUMENT_UNREADABLE', problem, { hint, file, line })]
}

const TABS = 'Indent the line with spaces: YAML takes no tabs there.'

function referenceFinding(use: ImageUse): Finding | undefined {
  const { reference, file, line } = use
  const parsed = findReference(reference)
  if (parsed?.domain) return undefined
  const place = placeOf(use)
  const quoted = JSON.stringify(reference)
  if (parsed) {
    const problem = 'has no registry: a host name may not hold "_", so all of it is a repository path'
    return finding('REGISTRY_INVALID', `${place}: ${quoted} ${problem}`, { file, line })
  }
  return finding('REFERENCE_INVALID', `${place}: not an image reference: ${quoted}: ${reasonOf(reference)}`, {
    hint: invalidHint(reference),
    file,
    line,
  })
}

function reasonOf(reference: string): string {
  if (reference.trim() !== reference) {
    return 'white space around it (the API server rejects such a pod, and accepts a template whose pods then fail)'
  }
  return referenceProblem(reference) ?? ''
}

function invalidHint(reference: string): string {
  if (/\{\{|\$[({]|<[^<>]*>|%[({]/.test(reference)) {
    return 'This is a template. Render it first (helm template, kubectl kustomize, envsubst), then scan the result.'
  }
  if (findReference(reference.trim())) return `Write it as ${reference.trim()}`
  const lower = reference.toLowerCase()
  if (findReference(lower)) return `The kubelet will say InvalidImageName. In lower case it would be valid: ${lower}`
  return 'The kubelet will say InvalidImageName. Write it as registry/repository:tag, the repository in lower case.'
}

function policyFinding(use: ImageUse): Finding | undefined {
  const { policy, policyFrom } = use
  if (policy === undefined || (policy !== 'Always' && PULL_POLICIES.includes(policy as PullPolicy))) return undefined
  const at = { file: use.file, line: use.line }
  const place = placeOf(use)
  if (policy === 'Always') {
    const isByDigest = findReference(use.reference)?.digest !== undefined
    const byDefault = `the default for the tag latest${isByDigest ? ', up to Kubernetes 1.37 also beside a digest' : ''}`
    const why = policyFrom === 'field' ? 'imagePullPolicy says so' : byDefault
    const message = `${place}: ${use.reference} is pulled Always (${why}), which fails offline even when the image is on the node`
    return finding('POLICY_ALWAYS', message, { hint: alwaysHint(policyFrom === 'field'), ...at })
  }
  const meant = PULL_POLICIES.find((word) => word.toLowerCase() === policy.toLowerCase())
  const message = `${place}: imagePullPolicy ${JSON.stringify(policy)} is none; the API server rejects it`
  return finding('POLICY_INVALID', message, { hint: meant && `Write ${meant}: the word is case-sensitive.`, ...at })
}

function alwaysHint(isField: boolean): string {
  const first = isField
    ? 'Set imagePullPolicy: IfNotPresent'
    : 'Give it a version tag, or set imagePullPolicy: IfNotPresent'
  return `${first}; or name the image by digest and set IfNotPresent; or keep Always and serve a mirror (nodeseed serve).`
}

/**
 * Tags that by their name move: what a node holds is then whatever was current on the day of the bundle. Version tags
 * can move too, but a lock fixes their digest, so a warning for each would only hide these.
 */
const MOVING_TAG =
  /^(?:(?:[a-z0-9.]+[._-])?(?:latest|main|master|trunk|head|develop|development|edge|nightly|canary|snapshot|unstable|rolling|current|tip|next|dev))$/i

function tagFinding(use: ImageUse): Finding | undefined {
  // Its policy finding already says that the tag is latest.
  if (use.policy === 'Always' && use.policyFrom === 'default') return undefined
  const reference = findReference(use.reference)
  if (!reference || reference.digest) return undefined
  const tag = reference.tag ?? 'latest'
  if (!MOVING_TAG.test(tag)) return undefined
  const message = `${placeOf(use)}: the tag ${tag} of ${use.reference} moves: nodes seeded at different times hold different images`
  return finding('TAG_MUTABLE', message, { file: use.file, line: use.line })
}

export function placeOf({ workload, container }: Pick<ImageUse, 'workload' | 'container'>): string {
  return `${nameOfResource(workload)}${container ? `, container ${container}` : ''}`
}
