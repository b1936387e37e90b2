import pLimit from 'p-limit'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import { hashBlob } from '../../oci/content/hash-blob.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import type { Bundle, LockedContent } from '../format/bundle.ts'
import { attachedBlobsOf, blobsOf } from '../format/lock.ts'
import { derivedFiles } from '../format/node-files.ts'
import { BUNDLE_TABLE } from '../format/table.ts'
import { type BlobRole, rolesOf } from './blob-roles.ts'
import { documentProblems } from './locked-documents.ts'

/** Blobs that are hashed at the same time: as many as most machines have cores. */
const AT_A_TIME = 8

/** One thing that is wrong with a bundle. */
export interface BundleProblem {
  readonly message: string
  /** The damaged or missing blob, and what it is to which images. */
  readonly blob?: Digest
  readonly uses?: readonly BlobRole[]
}

/**
 * Hashes every byte that a digest stands for, and checks that the table and the manifests say the same. That all other
 * bytes are what the table makes of them was checked when the bundle was opened.
 * `onBytes` hears of every chunk that was hashed.
 */
export async function verifyBundle(bundle: Bundle, onBytes?: (count: number) => void): Promise<BundleProblem[]> {
  const problems = [...(await checkFiles(bundle)), ...checkNames(bundle)]
  // Only damage needs them, and of many images they are many.
  let known: ReturnType<typeof rolesOf> | undefined
  const rolesIn = (digest: Digest) => {
    known ??= rolesOf(bundle.table.lock)
    return known.get(digest) ?? []
  }
  const damaged = new Set<Digest>()
  for (const { digest, actual } of await hashAll(bundle.blobs.keys(), bundle, onBytes)) {
    if (actual === digest) continue
    damaged.add(digest)
    problems.push(damage(digest, `blob ${digest} is damaged: it hashes to ${actual}`, rolesIn(digest)))
  }
  const required = new Set(bundle.table.requires?.map(({ digest }) => digest))
  for (const image of bundle.table.lock.images) {
    for (const { digest } of [...blobsOf(image), ...attachedBlobsOf(image)]) {
      if (bundle.blobs.has(digest) || damaged.has(digest) || required.has(digest)) continue
      damaged.add(digest)
      problems.push(damage(digest, `blob ${digest} is missing`, rolesIn(digest)))
    }
    const read = async ({ digest }: Descriptor) => (damaged.has(digest) ? undefined : bundle.readDocument(digest))
    problems.push(...(await documentProblems(image, read)).map((message) => ({ message })))
  }
  return problems
}

/** Hashes every blob of what is no bundle; that nothing is missing was found out when its images were. */
export async function verifyContent(
  content: LockedContent,
  onBytes?: (count: number) => void,
): Promise<BundleProblem[]> {
  const problems: BundleProblem[] = []
  for (const { digest, actual } of await hashAll(content.blobs.keys(), content, onBytes)) {
    if (actual === digest) continue
    problems.push(
      damage(digest, `blob ${digest} is damaged: it hashes to ${actual}`, rolesOf(content.lock).get(digest) ?? []),
    )
  }
  return problems
}

/**
 * Hashes these blobs, each once; those that a delta leaves out are passed over.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH at the first that is not what its digest says.
 */
export async function verifyBlobs(
  blobs: readonly Descriptor[],
  content: Content,
  onBytes?: (count: number) => void,
): Promise<void> {
  const here = new Set(blobs.map((blob) => blob.digest).filter((digest) => content.blobs.has(digest)))
  for (const { digest, actual } of await hashAll(here, content, onBytes)) {
    if (actual === digest) continue
    throw new ExpectedError('CONTENT_MISMATCH', `blob ${digest} is damaged: it hashes to ${actual}`, {
      hint: 'Nothing was loaded. Copy the bundle again, then run nodeseed verify on it.',
    })
  }
}

function damage(blob: Digest, message: string, uses: readonly BlobRole[]): BundleProblem {
  const users = uses.map(({ image, role }) => `${role} of ${image}`).join('; ') || 'no image'
  return { message: `${message}: ${users}`, blob, uses }
}

/** What each blob's bytes hash to, in the order of the digests; several at the same time. */
function hashAll(
  digests: Iterable<Digest>,
  content: Content,
  onBytes?: (count: number) => void,
): Promise<{ digest: Digest; actual: Digest }[]> {
  return pLimit(AT_A_TIME).map([...digests], async (digest) => {
    return { digest, actual: await hashBlob(content, digest, onBytes) }
  })
}

/** Carried files are what the table says; those that say once more what the lock says, in other words, say the same. */
async function checkFiles(bundle: Bundle): Promise<BundleProblem[]> {
  const problems: BundleProblem[] = []
  const derived = new Map(derivedFiles(bundle.lock).map(({ name, content }) => [name, digestOf(content)]))
  for (const { name, digest } of bundle.table.files) {
    const expected = derived.get(name) ?? digest
    if (expected !== digest) problems.push({ message: `${name} does not say the same as ${BUNDLE_TABLE}` })
    try {
      for await (const _ of bundle.openFile(name));
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      problems.push({ message: error.message })
    }
  }
  return problems
}

/** A name stands for one image: runtimes would each choose another of two. */
function checkNames({ lock }: Bundle): BundleProblem[] {
  const owners = new Map<string, Digest>()
  return lock.images.flatMap(({ names, target: { digest } }) =>
    names.flatMap((name) => {
      const owner = owners.get(name)
      owners.set(name, owner ?? digest)
      return owner === undefined || owner === digest
        ? []
        : [{ message: `${name} stands for ${owner} and for ${digest}` }]
    }),
  )
}
