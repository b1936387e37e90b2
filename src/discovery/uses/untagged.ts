import { findReference, repositoryName } from '../../oci/reference.ts'
import { hasVersion } from '../classify/reference-likelihood.ts'
import type { ImageUse } from './image-use.ts'

/**
 * The uses, where a name without a version is no more than possible if the same inputs use its repository with one: then
 * it names the repository, to which something else puts the version. What a pod spec or a list names is what is pulled.
 */
export function withDoubtAboutUntagged(uses: readonly ImageUse[]): ImageUse[] {
  const versioned = new Set(uses.flatMap((use) => (hasVersion(use.reference) ? repositoryOf(use) : [])))
  return uses.map((use) => {
    if (use.confidence !== 'likely' || hasVersion(use.reference)) return use
    const isElsewhere = repositoryOf(use).some((repository) => versioned.has(repository))
    return isElsewhere ? { ...use, confidence: 'possible', why: `${use.why}; used with a version elsewhere` } : use
  })
}

function repositoryOf({ reference }: ImageUse): string[] {
  const parsed = findReference(reference)
  return parsed ? [repositoryName(parsed)] : []
}
