import type { Finding } from '../finding.ts'
import type { Document, UnreadableDocument } from '../kubernetes/document.ts'
import { podImageGaps, podImages } from '../kubernetes/pod-images.ts'
import { type Resource, resourcesOf } from '../kubernetes/resource.ts'
import { type Workload, workloadOf } from '../kubernetes/workload.ts'
import { criForm, findReference } from '../oci/reference.ts'
import { findingsOfUse, gapFinding, unreadableFinding } from './findings.ts'
import type { ImageUse } from './image-use.ts'
import { podSpecsOf } from './pod-specs.ts'

/** What one document gave. */
export interface DocumentScan {
  readonly uses: readonly ImageUse[]
  readonly findings: readonly Finding[]
  readonly workloads: readonly Workload[]
}

/** Every image that a document's resources use, and what is wrong with them. */
export function scanDocument(document: Document | UnreadableDocument): DocumentScan {
  if ('problem' in document) return { uses: [], findings: [unreadableFinding(document)], workloads: [] }
  const resources = resourcesOf(document)
  const scans = resources.map(scanResource)
  return {
    uses: scans.flatMap(({ uses }) => uses),
    findings: scans.flatMap(({ findings }) => findings),
    workloads: resources.map(workloadOf).filter((workload) => workload !== undefined),
  }
}

function scanResource(resource: Resource): Pick<DocumentScan, 'uses' | 'findings'> {
  const { apiVersion, kind, namespace, name, document } = resource
  const workload = { apiVersion, kind, namespace, name }
  const lineOf = (path: ImageUse['path']): number => document.lineOf([...resource.path, ...path])
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  for (const { podSpec, path: specPath, builtIn } of podSpecsOf(resource)) {
    for (const image of podImages(podSpec)) {
      const path = [...specPath, ...image.path]
      const reference = findReference(image.reference)
      const use: ImageUse = {
        reference: image.reference,
        image: reference && criForm(reference),
        policy: image.policy,
        policyFrom: image.policyFrom,
        workload,
        container: image.container,
        path,
        file: document.file,
        line: lineOf(path),
        layer: 'podSpec',
        confidence: 'certain',
      }
      uses.push(use)
      findings.push(...findingsOfUse(use))
    }
    for (const { container, found, path } of podImageGaps(podSpec)) {
      // In a custom resource a container without an image is a patch of what its operator makes.
      if (!builtIn && found === undefined) continue
      findings.push(
        gapFinding({ workload, container, file: document.file, line: lineOf([...specPath, ...path]) }, found),
      )
    }
  }
  return { uses, findings }
}
