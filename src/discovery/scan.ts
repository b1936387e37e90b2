import type { Finding } from '../finding.ts'
import type { Document, UnreadableDocument } from '../kubernetes/document.ts'
import { podImages } from '../kubernetes/pod-images.ts'
import { nameOfResource, type Resource, resourcesOf } from '../kubernetes/resource.ts'
import { type Workload, workloadOf } from '../kubernetes/workload.ts'
import { criForm, findReference } from '../oci/reference.ts'
import type { ImageUse } from './image-use.ts'

/** What one document gave. */
export interface DocumentScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  readonly workloads: readonly Workload[]
}

/** Every image that a document's resources use, and what is wrong with them. */
export function scanDocument(document: Document | UnreadableDocument): DocumentScan {
  if ('problem' in document) return { uses: [], findings: [unreadable(document)], workloads: [] }
  const resources = resourcesOf(document)
  const workloads = resources.map(workloadOf).filter((workload) => workload !== undefined)
  const uses = workloads.flatMap(podSpecUses)
  return { uses, findings: uses.flatMap(findingsOf), workloads }
}

function podSpecUses({ resource, templatePath, podSpec }: Workload): ImageUse[] {
  const specPath = [...templatePath, 'spec']
  return podImages(podSpec).map((image): ImageUse => {
    const path = [...specPath, ...image.path]
    const reference = findReference(image.reference)
    return {
      reference: image.reference,
      image: reference && criForm(reference),
      policy: image.policy,
      policyFrom: image.policyFrom,
      workload: workloadName(resource),
      container: image.container,
      path,
      file: resource.document.file,
      line: resource.document.lineOf([...resource.path, ...path]),
      layer: 'podSpec',
      confidence: 'certain',
    }
  })
}

function findingsOf(use: ImageUse): Finding[] {
  const place = `${nameOfResource(use.workload)}, container ${use.container}`
  const at = { file: use.file, line: use.line }
  if (!use.image) {
    return [
      {
        code: 'REFERENCE_INVALID',
        severity: 'error',
        message: `${place}: not an image reference: ${JSON.stringify(use.reference)}`,
        hint: 'The kubelet will say InvalidImageName. Write it as registry/repository:tag, the repository in lower case.',
        ...at,
      },
    ]
  }
  if (use.policy === 'Always') {
    return [
      {
        code: 'POLICY_ALWAYS',
        severity: 'error',
        message: `${place}: ${use.reference} is pulled Always, which fails offline even when the image is on the node`,
        hint: 'Set imagePullPolicy: IfNotPresent; or pin a digest and set it; or serve a mirror with nodeseed serve.',
        ...at,
      },
    ]
  }
  return []
}

function unreadable({ file, line, problem }: UnreadableDocument): Finding {
  return {
    code: 'DOCUMENT_UNREADABLE',
    severity: 'error',
    message: `not readable as YAML or JSON: ${problem}`,
    hint: 'Render templates first (helm template, kustomize build), then scan the result.',
    file,
    line,
  }
}

function workloadName({ apiVersion, kind, namespace, name }: Resource): ImageUse['workload'] {
  return { apiVersion, kind, namespace, name }
}
