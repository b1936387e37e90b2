import type { ImageSignature } from '../../bundle/format/fields/image-signature.ts'
import type { Attachment, LockedImage } from '../../bundle/format/lock.ts'
import { findReference, repositoryName } from '../../oci/reference.ts'
import type { FoundSignatures } from '../found/candidate.ts'
import { namesForGlobs } from '../policy/image-glob.ts'
import type { Authority, ImagePolicies, ImagePolicy } from '../policy/image-policy.ts'
import { checkCandidate } from './check-candidate.ts'

/** Why an image is not what a policy asks for. */
export interface SignatureRefusal {
  readonly code: 'SIGNATURE_MISSING' | 'SIGNATURE_INVALID' | 'SIGNATURE_UNJUDGED'
  /** Whether the policy lets it pass all the same. */
  readonly mayPass: boolean
  readonly message: string
}

export interface JudgedImage {
  /** For each policy, the first signature that satisfies it. */
  readonly signatures: readonly ImageSignature[]
  readonly refusals: readonly SignatureRefusal[]
}

/** The policies that cover an image, by any of its names. */
export function policiesFor({ reference, names }: LockedImage, { policies }: ImagePolicies): ImagePolicy[] {
  const parsed = findReference(reference)
  const known = namesForGlobs([...names, reference, ...(parsed ? [repositoryName(parsed)] : [])])
  return policies.filter(({ covers }) => covers(known))
}

/** What policies say of an image, by the signatures that were found. `now` is when that is asked. */
export function judgeImage(
  image: LockedImage,
  policies: ImagePolicies,
  { found, attachments, now }: { found: FoundSignatures; attachments: readonly Attachment[]; now: Date },
): JudgedImage {
  const covering = policiesFor(image, policies)
  if (covering.length === 0 && policies.noMatch !== 'allow') {
    const message = `${image.reference}: no policy covers it`
    return { signatures: [], refusals: [{ code: 'SIGNATURE_UNJUDGED', mayPass: policies.noMatch === 'warn', message }] }
  }
  const signatures: ImageSignature[] = []
  const refusals: SignatureRefusal[] = []
  for (const policy of covering) {
    const judged = judge(image, policy, found, now)
    if (judged.isSatisfied) signatures.push(...judged.signatures)
    else refusals.push(refusalOf(image, policy, { found, attachments, problems: judged.problems }))
  }
  return { signatures, refusals }
}

type Judged =
  | { readonly isSatisfied: true; readonly signatures: readonly ImageSignature[] }
  | { readonly isSatisfied: false; readonly problems: readonly string[] }

function judge(image: LockedImage, policy: ImagePolicy, { candidates }: FoundSignatures, now: Date): Judged {
  const problems: string[] = []
  const satisfying: ImageSignature[] = []
  const digest = image.target.digest
  for (const authority of policy.authorities) {
    if (authority.kind === 'static') {
      if (authority.action === 'pass') return { isSatisfied: true, signatures: [] }
      problems.push(authority.message)
      continue
    }
    for (const candidate of candidates) {
      const checked = checkCandidate(candidate, authority, { digest, now })
      if ('problem' in checked) {
        problems.push(`${nameOf(authority)}: ${checked.problem}`)
        continue
      }
      const { manifest, name } = candidate
      const isOther = name !== undefined && repositoriesOf(image).some((one) => one !== name)
      const signature: ImageSignature = {
        ...{ policy: policy.name, authority: authority.name, by: checked.by },
        ...(checked.time && { time: checked.time }),
        ...{ manifest, ...(isOther && { signedAs: name }) },
      }
      satisfying.push(signature)
    }
  }
  // One that was made for this very name says more than one that was made for another.
  const best = satisfying.find(({ signedAs }) => signedAs === undefined) ?? satisfying[0]
  return best ? { isSatisfied: true, signatures: [best] } : { isSatisfied: false, problems }
}

function nameOf({ name }: Authority): string {
  return name
}

/** Of all names under which nodes will have it. */
function repositoriesOf({ reference, names }: LockedImage): string[] {
  const parsed = [reference, ...names].map(findReference)
  return parsed.flatMap((one) => (one ? [repositoryName(one)] : []))
}

/** At most so many reasons are told of one image. */
const MAX_REASONS = 5

function refusalOf(
  { reference, target }: LockedImage,
  { name, mode, authorities }: ImagePolicy,
  {
    found,
    attachments,
    problems,
  }: { found: FoundSignatures; attachments: readonly Attachment[]; problems: readonly string[] },
): SignatureRefusal {
  const reasons = [...new Set([...problems, ...found.unreadable.map(({ problem }) => problem)])].map(shown)
  const mayPass = mode === 'warn'
  const isFailed = authorities.some((one) => one.kind === 'static' && one.action === 'fail')
  if (found.candidates.length + found.unreadable.length === 0 && !isFailed) {
    const parts = attachments.filter(({ subject }) => subject !== target.digest)
    const part = parts.length > 0 ? ', only of manifests that it lists' : ''
    return {
      ...{ code: 'SIGNATURE_MISSING', mayPass },
      message: `${reference}: there is no signature of ${target.digest}${part}, and the policy ${name} asks for one`,
    }
  }
  const more = reasons.length > MAX_REASONS ? [`and ${reasons.length - MAX_REASONS} more reasons`] : []
  return {
    ...{ code: 'SIGNATURE_INVALID', mayPass },
    message: `${reference}: nothing satisfies the policy ${name}: ${[...reasons.slice(0, MAX_REASONS), ...more].join('; ')}`,
  }
}

/** A reason may quote what a stranger wrote. */
function shown(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
