import { rm } from 'node:fs/promises'
import { type PatchCandidate, patchCandidates } from '../../bundle/delta/patch-candidates.ts'
import type { LockedContent } from '../../bundle/format/bundle.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { patchedLayers, patchFile } from '../../bundle/format/patch-files.ts'
import { type BundlePlan, type ExtraFile, planBundle } from '../../bundle/format/plan.ts'
import { outputExists } from '../../disk/output-place.ts'
import { type BundleFile, openBundle } from '../../layout/bundle-file.ts'
import type { UnnamedFile } from '../../layout/files/unnamed-file.ts'
import { NO_GAIN } from '../../layout/patch/made-patch.ts'
import { makePatch } from '../../layout/patch/make-patch.ts'
import { readPatch } from '../../layout/patch/read-patch.ts'
import type { Content } from '../../oci/content/content.ts'
import { type Digest, hashChunks } from '../../oci/digest.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { countOf } from '../../plural.ts'
import { describeAlone, layersAlone, type WholeLayer } from '../deltas/whole-layers.ts'
import type { KnownBlobs } from './known-blobs.ts'
import {
  isSameIndex,
  type MadeBundle,
  makePlanned,
  type OutputFlags,
  type SignedSources,
  writeBundle,
} from './write-bundle.ts'

/** What a delta without patches is made of. */
interface WholeDelta extends KnownBlobs {
  readonly lock: Lock
  readonly files: readonly ExtraFile[]
  /** The latest last. */
  readonly bases: readonly LockedContent[]
}

/** The layers that a delta brings as patches of the base's. */
interface LayerPatches {
  readonly files: readonly ExtraFile[]
  readonly layers: ReadonlySet<Digest>
  /** New ones that come as they are; nothing where an earlier run decided. */
  readonly whole?: readonly WholeLayer[]
}

/** A delta, and what of it comes as it is though it is new. */
interface MadeDelta extends MadeBundle {
  readonly wholeLayers?: readonly WholeLayer[]
}

const NO_PATCHES: LayerPatches = { files: [], layers: new Set() }
/** What the head of a file and its line in the table take, at most: a patch that saves less makes nothing smaller. */
const FILE_OVERHEAD = 1536
const CHUNK = 1 << 20

function planPatched({ lock, files, without, homes }: WholeDelta, patches: LayerPatches): BundlePlan {
  return planBundle(lock, [...files, ...patches.files], {
    without: new Set([...without, ...patches.layers]),
    homes,
  })
}

/** What of a delta may come as patches, for people: how large they are shows only when they are made. Nothing without a base. */
export function describePatchable(delta: WholeDelta): string[] {
  if (delta.bases.length === 0) return []
  const candidates = candidatesOf(delta)
  const size = candidates.reduce((sum, { layer }) => sum + layer.size, 0)
  const may = `${countOf(candidates.length, 'layer')} with ${formatBytes(size)} may come as patches of the base's, and take less`
  return [...(candidates.length > 0 ? [may] : []), ...describeAlone(layersAlone(delta, candidates))]
}

/**
 * Makes a delta with patches, where they save bytes. What is new is first downloaded whole, into a file beside the output;
 * a run that was ended goes on with that file, and it is removed when the delta is complete.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS where another bundle is there and may not be replaced; what downloading throws
 */
export async function makePatchedDelta(
  delta: WholeDelta,
  existing: BundleFile | undefined,
  flags: OutputFlags,
  { note, ...sources }: SignedSources & { readonly note: (line: string) => void },
): Promise<MadeDelta> {
  const same = existing && (await patchesOfSame(delta, existing))
  const candidates = candidatesOf(delta)
  const alone = layersAlone(delta, candidates)
  for (const line of describeAlone(alone)) note(line)
  if (same || candidates.length === 0) {
    const made = await makePlanned(planPatched(delta, same ?? NO_PATCHES), existing, flags, sources)
    return { ...made, ...(!same && { wholeLayers: alone }) }
  }
  if (existing && !flags.force) throw outputExists(flags.output)
  const path = wholeDeltaPath(flags.output)
  const { whole, downloaded } = await downloadWhole(path, delta, sources)
  const patches: UnnamedFile[] = []
  try {
    const made = await makePatches(candidates, delta, { whole, note, keep: (file) => patches.push(file) })
    const plan = planPatched(delta, made)
    const reuse = [whole, ...sources.reuse]
    const written = await makePlanned(plan, existing, flags, { ...sources, reuse })
    await rm(path, { force: true })
    const wholeLayers = [...(made.whole ?? []), ...alone]
    return { ...written, downloaded: downloaded + (written.downloaded ?? 0), wholeLayers }
  } finally {
    await whole.close()
    for (const patch of patches) await patch.close()
  }
}

async function downloadWhole(
  path: string,
  { lock, without }: WholeDelta,
  { signer: _, ...sources }: SignedSources,
): Promise<{ whole: BundleFile; downloaded: number }> {
  const plan = planBundle(lock, [], { without })
  const whole = await openWhole(path, plan)
  if (whole) return { whole, downloaded: 0 }
  const downloaded = await writeBundle(path, plan, sources)
  return { whole: await openBundle(path), downloaded }
}

/** The patches of a bundle that is there already, where it is this delta; undefined where it is something else. */
async function patchesOfSame(delta: WholeDelta, existing: BundleFile): Promise<LayerPatches | undefined> {
  const wanted = new Map(candidatesOf(delta).map((candidate) => [candidate.layer.digest, candidate.base.digest]))
  const files: ExtraFile[] = []
  const layers = new Set<Digest>()
  for (const [layer, { name, digest, size }] of patchedLayers(existing.table.files)) {
    if ((await readPatch(existing, name)).base.digest !== wanted.get(layer)) return undefined
    files.push({ name, content: { digest, size, chunks: () => existing.openFile(name) } })
    layers.add(layer)
  }
  const patches = { files, layers }
  return isSameIndex(existing, planPatched(delta, patches)) ? patches : undefined
}

/** Makes patches of the layers for which that saves bytes, and says so layer by layer. */
async function makePatches(
  candidates: readonly PatchCandidate[],
  { bases }: WholeDelta,
  {
    whole,
    note,
    keep,
  }: {
    readonly whole: Content
    readonly note: (line: string) => void
    readonly keep: (patch: UnnamedFile) => void
  },
): Promise<LayerPatches> {
  const files: ExtraFile[] = []
  const layers = new Set<Digest>()
  const wholeLayers: WholeLayer[] = []
  for (const { layer, base: old, reference } of candidates) {
    const made = await makePatch(bytesOf(layer, whole), bytesOf(old, holderOf(old.digest, bases)))
    const patch = 'patch' in made ? made.patch : undefined
    if (patch) keep(patch)
    const isKept = patch !== undefined && patch.size + FILE_OVERHEAD < layer.size
    const reason = 'whole' in made ? made.whole : NO_GAIN
    const result = isKept ? ` → ${formatBytes(patch.size)}` : `, travels whole: ${reason}`
    note(`${reference}, layer ${layer.digest.slice(7, 19)}: ${formatBytes(layer.size)}${result}`)
    if (!isKept) {
      wholeLayers.push({ reference, digest: layer.digest, size: layer.size, reason })
      continue
    }
    const [digest, size] = [await hashChunks(patch.chunks(CHUNK), 'sha256'), patch.size]
    files.push({ name: patchFile(layer.digest), content: { digest, size, chunks: () => patch.chunks(CHUNK) } })
    layers.add(layer.digest)
  }
  return { files, layers, whole: wholeLayers }
}

function wholeDeltaPath(output: string): string {
  return `${output}.whole`
}

/** The whole delta of an earlier run, where it is the one that is wanted. */
async function openWhole(path: string, plan: BundlePlan): Promise<BundleFile | undefined> {
  const whole = await openBundle(path).catch(() => undefined)
  if (whole && isSameIndex(whole, plan)) return whole
  await whole?.close()
  return undefined
}

/** Of layers in several bases that of the latest. */
function candidatesOf({ lock, bases, without }: WholeDelta): PatchCandidate[] {
  const images = bases.toReversed().flatMap((base) => base.lock.images)
  return patchCandidates(
    lock,
    { version: 1, images },
    {
      isNew: (layer) => !without.has(layer) && layer.startsWith('sha256:'),
      isThere: (layer) => without.has(layer) && bases.some(({ blobs }) => blobs.has(layer)),
    },
  )
}

/** @throws {ExpectedError} BLOB_UNKNOWN when it is read, where none has it */
function holderOf(layer: Digest, bases: readonly LockedContent[]): Content {
  return bases.find(({ blobs }) => blobs.has(layer)) ?? bases[0]!
}

function bytesOf({ digest, size }: { digest: Digest; size: number }, content: Content) {
  return { digest, size, path: content.path, open: () => content.openBlob(digest) }
}
