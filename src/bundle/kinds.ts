import { countOf } from '../plural.ts'
import { FILE_TYPE } from './files/file-artifact.ts'
import { isArtifact, type LockedImage } from './format/lock.ts'

/** What people call artifacts, by artifactType or the media type of the config. Source: the projects' own documents. */
const KINDS: Readonly<Record<string, string>> = {
  'application/vnd.cncf.helm.config.v1+json': 'Helm chart',
  'application/vnd.cncf.flux.config.v1+json': 'Flux artifact',
  'application/vnd.cncf.model.manifest.v1+json': 'model',
  'application/vnd.cncf.model.config.v1+json': 'model',
  'application/vnd.cnai.model.manifest.v1+json': 'model',
  'application/vnd.kitops.modelkit.config.v1+json': 'model',
  'application/vnd.docker.ai.model.config.v0.1+json': 'model',
  'application/vnd.wasm.config.v0+json': 'WebAssembly component',
  'application/vnd.cncf.kyverno.config.v1+json': 'policy',
  'application/vnd.cncf.openpolicyagent.config.v1+json': 'policy',
  'application/vnd.dev.cosign.simplesigning.v1+json': 'signature',
  [FILE_TYPE]: 'file',
}

/** What an artifact is, in a word or two: `Helm chart`. */
export function kindWord(artifactType: string): string {
  return KINDS[artifactType] ?? 'artifact'
}

/** The same with its type: `Helm chart (application/vnd.cncf.helm.config.v1+json)`. */
export function kindOf(artifactType: string): string {
  return `${kindWord(artifactType)} (${artifactType})`
}

/** `2 images`, `2 images and 1 artifact`, `1 artifact`. */
export function countKinds(images: readonly LockedImage[]): string {
  const artifacts = images.filter(isArtifact).length
  const counts = [
    ...(images.length > artifacts || artifacts === 0 ? [countOf(images.length - artifacts, 'image')] : []),
    ...(artifacts > 0 ? [countOf(artifacts, 'artifact')] : []),
  ]
  return counts.join(' and ')
}
