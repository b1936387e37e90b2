import { ExpectedError } from '../errors.ts'
import { criForm, parseReference } from '../oci/reference.ts'
import { listNames } from '../plural.ts'
import { quote } from '../quote.ts'
import { isArtifact, type Lock } from './format/lock.ts'

/**
 * The lock cut down to images that are named in any form that a pod may use; all of it when nothing is named.
 *
 * @throws {ExpectedError} REFERENCE_INVALID; INPUT_INVALID naming what the bundle does not hold.
 */
export function imagesToLoad(lock: Lock, names: readonly string[], file: string): Lock {
  if (names.length === 0) return withImages(lock, file)
  const wanted = names.map((name) => criForm(parseReference(name)))
  const held = new Set(lock.images.flatMap((image) => image.names))
  const missing = wanted.filter((name) => !held.has(name))
  if (missing.length > 0) {
    throw new ExpectedError('INPUT_INVALID', `${file} does not hold ${missing.join(', ')}`, {
      hint: likeIt(names, held) ?? `See what it holds with: nodeseed inspect ${quote(file)}`,
    })
  }
  const images = lock.images.filter((image) => image.names.some((name) => wanted.includes(name)))
  return withImages({ ...lock, images }, file)
}

/** @throws {ExpectedError} INPUT_INVALID where nothing of it is for a runtime */
function withImages(lock: Lock, file: string): Lock {
  const { images } = lock
  if (images.length === 0 || !images.every(isArtifact)) return lock
  const named = listNames(images.map(({ reference }) => reference))
  throw new ExpectedError('INPUT_INVALID', `${file}: nothing to load, as no container starts from ${named}`, {
    hint: `Have a registry hand it out: nodeseed serve ${quote(file)}, or nodeseed push ${quote(file)} REGISTRY; plain files come out with nodeseed extract ${quote(file)} -o DIR`,
  })
}

/** What is held under the same path in another registry, or with another tag, may be what was meant. */
function likeIt(names: readonly string[], held: ReadonlySet<string>): string | undefined {
  const paths = new Set(names.map((name) => pathOf(parseReference(name).path)))
  const alike = [...held].filter((name) => !name.includes('@') && paths.has(pathOf(parseReference(name).path)))
  return alike.length > 0 ? `It holds ${alike.slice(0, 3).join(', ')}` : undefined
}

/** Docker Hub's `library/` goes without saying. */
function pathOf(path: string): string {
  return path.replace(/^library\//, '')
}
