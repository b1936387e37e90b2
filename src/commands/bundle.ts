import { Args, Flags } from '@oclif/core'
import { imagesFailed } from '../bundle/failure.ts'
import { fillBundle, type LocalBlobs } from '../bundle/fill.ts'
import { joinLocks, lockImages } from '../bundle/lock.ts'
import { type BundlePlan, planBundle } from '../bundle/plan.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { countOf } from '../cli/count.ts'
import { readNodeScript } from '../cli/node-script.ts'
import { createProgress, formatBytes } from '../cli/progress.ts'
import {
  DEFAULT_PLATFORMS,
  DEFAULT_PLATFORMS_NOTE,
  platformFlags,
  platformsFrom,
  registryFlags,
} from '../cli/registry-flags.ts'
import { readRegistryOptions } from '../cli/registry-options.ts'
import { imageFlags, wantedImages } from '../cli/wanted-images.ts'
import { ExpectedError } from '../errors.ts'
import { type BundleFile, openBundle } from '../layout/bundle-file.ts'
import { BundleWriter } from '../layout/bundle-writer.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryClient } from '../registry/registry-client.ts'
import { nodeFiles } from '../seed/node-files.ts'

export default class Bundle extends BaseCommand {
  static override summary = 'download the images of Kubernetes manifests, or of a lock, into one file'
  static override description =
    'The file is a tar and an OCI image layout; it holds every byte as the registries have it, under every name.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> manifests/ -o shop.tar',
    '<%= config.bin %> <%= command.id %> nodeseed.lock -o images.tar',
    '<%= config.bin %> <%= command.id %> --image nginx:1.27 --platform linux/amd64 --platform linux/arm64 -o nginx.tar',
  ]
  static override strict = false
  static override args = {
    input: Args.string({ description: 'manifest file, directory, lock, or - for standard input' }),
  }
  static override flags = {
    output: Flags.string({ char: 'o', description: 'file to write', required: true }),
    force: Flags.boolean({ description: 'replace the file if it is there' }),
    ...imageFlags,
    ...platformFlags,
    ...registryFlags,
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Bundle)
    const existing = await openExisting(flags.output, flags)
    const { references, locked } = await wantedImages(argv as string[], flags)
    const platforms = await platformsFrom(flags)
    if (!platforms && references.length > 0) this.logToStderr(DEFAULT_PLATFORMS_NOTE)
    const client = new RegistryClient(await readRegistryOptions(flags, argv as string[]))
    try {
      const { lock: found, failures, documents } = await lockImages(references, platforms ?? DEFAULT_PLATFORMS, client)
      if (failures.length > 0) throw imagesFailed(failures, references.length)
      const lock = joinLocks([{ version: 1, images: locked }, found], platforms)
      const plan = planBundle(lock, nodeFiles(lock, await readNodeScript()))
      if (existing && (await isSame(existing, plan))) return this.#report(flags.output, plan, 'is up to date')
      if (existing && !flags.force) throw outputExists(flags.output)
      const downloaded = await this.#write(flags.output, plan, client, { documents, reuse: existing ? [existing] : [] })
      return this.#report(flags.output, plan, `downloaded ${formatBytes(downloaded)}`)
    } finally {
      await client.close()
      await existing?.close()
    }
  }

  /** Gives the bytes that were downloaded. */
  async #write(
    output: string,
    plan: BundlePlan,
    client: RegistryClient,
    { documents, reuse }: { documents: ReadonlyMap<Digest, Uint8Array>; reuse: readonly LocalBlobs[] },
  ): Promise<number> {
    const writer = await BundleWriter.create(output, plan)
    const progress = createProgress()
    await progress.start(output, plan.size)
    try {
      const { failures, downloaded } = await fillBundle({ lock: plan.table.lock, files: plan.files }, client, writer, {
        documents,
        reuse: writer.leftover ? [writer.leftover, ...reuse] : reuse,
        onBytes: (count) => progress.add(count),
      })
      if (failures.length > 0) throw imagesFailed(failures, plan.table.lock.images.length)
      await writer.commit()
      return downloaded
    } catch (error) {
      await writer.leave()
      throw error
    } finally {
      progress.stop()
    }
  }

  #report(file: string, { size, table }: BundlePlan, note: string) {
    const { images } = table.lock
    const counts = `${countOf(images.length, 'image')}, ${countOf(table.blobs.length, 'blob')}`
    this.log(`${file}: ${counts}, ${formatBytes(size)}; ${note}`)
    const summary = images.map(({ reference, names, target }) => ({ reference, names, digest: target.digest }))
    return { file, bytes: size, images: summary, blobs: table.blobs.length }
  }
}

/** The bundle that is there already; undefined when nothing is. @throws {ExpectedError} OUTPUT_EXISTS */
async function openExisting(path: string, { force }: { force: boolean }): Promise<BundleFile | undefined> {
  try {
    return await openBundle(path)
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    if (error.code !== 'INPUT_NOT_FOUND' && !force) throw outputExists(path)
    return undefined
  }
}

/** index.json stands for every byte of a bundle. */
async function isSame(existing: BundleFile, { files, size }: BundlePlan): Promise<boolean> {
  const planned = files.find(({ name }) => name === 'index.json')?.content
  const index = await existing.readFile('index.json')
  return existing.size === size && planned !== undefined && index?.equals(planned) === true
}

function outputExists(path: string): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${path}: is there already`, {
    hint: 'Write to another file, or add --force to replace this one.',
  })
}
