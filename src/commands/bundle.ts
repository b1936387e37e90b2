import { Args, Flags } from '@oclif/core'
import { imagesFailed } from '../bundle/failure.ts'
import { fillBundle } from '../bundle/fill.ts'
import { joinLocks, lockImages } from '../bundle/lock.ts'
import { type BundlePlan, planBundle } from '../bundle/plan.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { countOf } from '../cli/count.ts'
import { readDockerConfig } from '../cli/docker-config.ts'
import { readNodeScript } from '../cli/node-script.ts'
import { createProgress, formatBytes } from '../cli/progress.ts'
import {
  DEFAULT_PLATFORMS,
  DEFAULT_PLATFORMS_NOTE,
  platformFlags,
  platformsFrom,
  registryFlags,
  toEndpointOptions,
} from '../cli/registry-flags.ts'
import { imageFlags, wantedImages } from '../cli/wanted-images.ts'
import { BundleWriter, checkOutput } from '../layout/bundle-writer.ts'
import type { Digest } from '../oci/digest.ts'
import { findCredentials } from '../registry/credentials.ts'
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
    await checkOutput(flags.output, flags)
    const { references, locked } = await wantedImages(argv as string[], flags)
    const platforms = await platformsFrom(flags)
    if (!platforms && references.length > 0) {
      this.logToStderr(DEFAULT_PLATFORMS_NOTE)
    }
    const config = await readDockerConfig()
    const client = new RegistryClient({
      ...toEndpointOptions(flags),
      findCredentials: async (host, repository) => findCredentials(config, host, repository),
    })
    try {
      const { lock: found, failures, documents } = await lockImages(references, platforms ?? DEFAULT_PLATFORMS, client)
      if (failures.length > 0) throw imagesFailed(failures, references.length)
      const lock = joinLocks([{ version: 1, images: locked }, found], platforms)
      const plan = planBundle(lock, nodeFiles(lock, await readNodeScript()))
      await this.#write(plan, client, documents, flags)
      return this.#report(flags.output, plan)
    } finally {
      await client.close()
    }
  }

  async #write(
    plan: BundlePlan,
    client: RegistryClient,
    documents: ReadonlyMap<Digest, Uint8Array>,
    { output, force }: { output: string; force: boolean },
  ): Promise<void> {
    const writer = await BundleWriter.create(output, plan, { force })
    const progress = createProgress()
    await progress.start(output, plan.size)
    try {
      const { lock } = plan.table
      const onBytes = (count: number) => progress.add(count)
      const failures = await fillBundle({ lock, files: plan.files }, client, writer, { documents, onBytes })
      if (failures.length > 0) throw imagesFailed(failures, lock.images.length)
      await writer.commit()
    } catch (error) {
      await writer.discard()
      throw error
    } finally {
      progress.stop()
    }
  }

  #report(file: string, { size, table }: BundlePlan) {
    const { images } = table.lock
    this.log(
      `${file}: ${countOf(images.length, 'image')}, ${countOf(table.blobs.length, 'blob')}, ${formatBytes(size)}`,
    )
    const summary = images.map(({ reference, names, target }) => ({ reference, names, digest: target.digest }))
    return { file, bytes: size, images: summary, blobs: table.blobs.length }
  }
}
