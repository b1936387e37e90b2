import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../descriptor.ts'
import { criForm, findReference } from '../reference.ts'

/** Something in a place that holds images which no name leads to, and why. */
export interface UnnamedEntry {
  /** The name that it says, or its digest. */
  readonly subject: string
  readonly why: string
  /** The image, where it is one. */
  readonly image?: Descriptor
}

/** The names of a place, each as a runtime looks it up, and what has none. */
export interface ImageNames {
  readonly names: ReadonlyMap<string, Descriptor>
  readonly unnamed: readonly UnnamedEntry[]
}

/**
 * Makes names of what an archive calls its images, as CRI does: `app:local` is `docker.io/library/app:local`. A name that
 * no pod could mean by it is none: a tag alone, two images under one name, a digest that is another's.
 */
export function imageNames(entries: readonly (readonly [text: string | undefined, image: Descriptor])[]): ImageNames {
  const names = new Map<string, Descriptor>()
  const ambiguous = new Map<string, Set<string>>()
  const unnamed: UnnamedEntry[] = []
  for (const [text, image] of entries) {
    const name = text === undefined ? undefined : nameFor(text, image)
    if (name === undefined || typeof name === 'object') {
      const why = name?.why ?? 'has no name, and no pod can ask for it'
      unnamed.push({ subject: text ?? image.digest, why, image })
      continue
    }
    const other = names.get(name)
    if (other && other.digest !== image.digest) {
      const digests = ambiguous.get(name) ?? new Set([other.digest])
      ambiguous.set(name, digests.add(image.digest))
    } else names.set(name, image)
  }
  for (const [name, digests] of ambiguous) {
    names.delete(name)
    unnamed.push({ subject: name, why: `stands for ${digests.size} images: ${[...digests].join(', ')}` })
  }
  return { names, unnamed }
}

function nameFor(text: string, { digest }: Descriptor): string | { readonly why: string } {
  if (!/[/:]/.test(text)) return { why: `names an image only ${JSON.stringify(text)}, without its repository` }
  const reference = findReference(text)
  if (!reference) return { why: 'is no name that a pod could have' }
  if (reference.digest === undefined || reference.digest === digest) return criForm(reference)
  return { why: `holds ${digest}: the image was changed on its way, and no pod finds it by the digest that it had` }
}

/** The only thing that a place with such entries has to say, where it has no image. */
export function noImageError(path: string, unnamed: readonly UnnamedEntry[]): ExpectedError {
  const [first, ...more] = unnamed
  const isOnly = first?.image !== undefined && more.length === 0
  const named = isOnly
    ? 'Give its only image a name with: nodeseed bundle --from NAME=FILE -o BUNDLE; or save it'
    : 'Save it'
  const what = first ? `${first.subject}: ${first.why}` : 'it is empty'
  return new ExpectedError('INPUT_INVALID', `${path}: holds no image with a name: ${what}`, {
    hint: `${named} again, each image under a full name of its own: docker save -o FILE IMAGE:TAG`,
  })
}
