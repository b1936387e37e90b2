import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { attachedBlobsOf, blobsOf, type Lock } from '../../bundle/format/lock.ts'
import { type BundlePlan, planBundle } from '../../bundle/format/plan.ts'
import { countKinds } from '../../bundle/kinds.ts'
import { ExpectedError } from '../../errors.ts'
import { findParts, isThere } from '../../layout/files/part-name.ts'
import { partialOf } from '../../layout/partial-bundle.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Digest } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { findReference } from '../../oci/reference.ts'
import { countOf, listNames } from '../../plural.ts'

/** What making a bundle will take, before its first byte. */
export interface FetchPlan {
  /** Bytes that come over the network. */
  readonly fetch: number
  /** Of the bundle's blobs, the bytes that are on this machine already. */
  readonly here: number
  /** Bytes of the file. */
  readonly disk: number
  /** Bytes that the disk of the output still takes; null where the system does not say. */
  readonly free: number | null
  /** Who will be asked, most bytes first. */
  readonly registries: readonly string[]
}

interface AtHand {
  readonly documents: ReadonlyMap<Digest, Uint8Array>
  readonly reuse: readonly Content[]
}

/** What a plan takes, as far as is known before anything of it is read: what is here may turn out to be damaged. */
export async function fetchPlan(
  { size, files, table }: BundlePlan,
  output: string,
  { documents, reuse }: AtHand,
): Promise<FetchPlan> {
  const registryOf = registriesOf(table.lock)
  const asked = new Map<string, number>()
  let here = 0
  for (const blob of files.flatMap((file) => file.blob ?? [])) {
    const registry = registryOf.get(blob.digest) ?? 'a registry'
    const isHere = documents.has(blob.digest) || reuse.some(({ blobs }) => blobs.has(blob.digest))
    if (isHere) here += blob.size
    else asked.set(registry, (asked.get(registry) ?? 0) + blob.size)
  }
  const registries = [...asked].sort(([, a], [, b]) => b - a).map(([name]) => name)
  const fetch = [...asked.values()].reduce((sum, bytes) => sum + bytes, 0)
  return { fetch, here, disk: size, free: await freeBytes(output), registries }
}

/** The same for people, in three lines: what it is, what comes over the network, what the disk must take. */
export function describeFetchPlan({ table }: BundlePlan, plan: FetchPlan): string[] {
  const { images } = table.lock
  const platforms = new Set(images.flatMap((image) => image.platforms.map(({ platform }) => formatPlatform(platform))))
  const made = platforms.size > 0 ? ` for ${[...platforms].sort().join(', ')}` : ''
  const from = plan.registries.length > 0 ? ` from ${listNames(plan.registries)}` : ''
  const here = plan.here > 0 ? `; ${formatBytes(plan.here)} are here` : ''
  const { disk, free } = plan
  const room = free === null ? '' : `, where ${formatBytes(free)} are free${free < disk ? ': too little' : ''}`
  return [
    `${countKinds(images)}${made}, ${countOf(table.blobs.length, 'blob')}`,
    `to fetch: ${formatBytes(plan.fetch)}${from}${here}`,
    `on disk: ${formatBytes(disk)}${room}`,
  ]
}

/** What a bundle of a lock will take, for people. */
export async function bundleTakes(lock: Lock, beside: string, atHand: AtHand): Promise<string[]> {
  try {
    const plan = planBundle(lock)
    const [what, ...takes] = describeFetchPlan(plan, await fetchPlan(plan, beside, atHand))
    return [`a bundle of it has ${what}`, ...takes.map((line) => `  ${line}`)]
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    return [`no bundle can be made of it: ${error.message}`]
  }
}

/** By blob, the registry that it is asked of first. */
function registriesOf({ images }: Lock): Map<Digest, string> {
  const found = new Map<Digest, string>()
  for (const image of images) {
    const domain = findReference(image.reference)?.domain
    if (domain === undefined) continue
    for (const { digest } of [...blobsOf(image), ...attachedBlobsOf(image)]) {
      if (!found.has(digest)) found.set(digest, domain)
    }
  }
  return found
}

async function freeBytes(output: string): Promise<number | null> {
  return statfs(dirname(output)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  )
}

/** Whether an earlier run left the beginning of the file. */
export async function isBegun(output: string): Promise<boolean> {
  const [first = ''] = await findParts(partialOf(output))
  return isThere(first)
}
