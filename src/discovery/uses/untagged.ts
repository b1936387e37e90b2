import { hasVersion } from '../classify/reference-likelihood.ts'
import type { ImageUse } from './image-use.ts'

/**
 * The uses, where a name without a version is no more than possible if the same inputs use its repository with one: then
 * it names the repository, to which something else puts the version. What a pod spec or a list names is what is pulled.
 */
export function withDoubtAboutUntagged(uses: readonly ImageUse[]): readonly ImageUse[] {
  const open = new Set(uses.filter(isOpen).map(repositoryOf))
  if (open.size === 0) return uses
  const versioned = new Set<string>()
  for (const use of uses) {
    if (hasVersion(use.reference) && open.has(repositoryOf(use))) versioned.add(repositoryOf(use))
  }
  return uses.map((use) => {
    if (!isOpen(use) || !versioned.has(repositoryOf(use))) return use
    return { ...use, confidence: 'possible', why: `${use.why}; used with a version elsewhere` }
  })
}

function isOpen({ confidence, reference }: ImageUse): boolean {
  return confidence === 'likely' && !hasVersion(reference)
}

/** Registry and repository of the CRI form, which has always a tag or a digest. */
function repositoryOf({ image = '' }: ImageUse): string {
  const digest = image.indexOf('@')
  return image.slice(0, digest >= 0 ? digest : image.lastIndexOf(':'))
}
