import { Args } from '@oclif/core'
import type { LockedImage } from '../bundle/format/lock.ts'
import { toolsAmong } from '../bundle/format/node-files.ts'
import { countKinds } from '../bundle/kinds.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { openImages } from '../cli/bundles/trusted-bundle.ts'
import { describeDelta, patchesIn } from '../cli/deltas/describe-delta.ts'
import { ARCHIVE, keyFlag, TABLE_ONLY } from '../cli/flags/bundle-file-flags.ts'
import { formatFlag } from '../cli/output/formats/output-format.ts'
import { imageTable } from '../cli/output/image-table.ts'
import { BundleFile } from '../layout/bundle-file.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { formatPlatform } from '../oci/platform.ts'
import { countOf } from '../plural.ts'
import { quote } from '../quote.ts'

export default class Inspect extends BaseCommand {
  static override summary =
    'show what a bundle or an archive of images holds: images and artifacts with all their names, platforms, kinds and sizes'
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar',
    '<%= config.bin %> <%= command.id %> shop.tar --json',
  ]
  static override args = { file: Args.string({ description: ARCHIVE, required: true }) }
  static override flags = { ...keyFlag(TABLE_ONLY), output: formatFlag(['table', 'wide', 'images', 'json', 'yaml']) }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Inspect)
    const content = await openImages(args.file, flags)
    try {
      const images = content.lock.images.map(describe)
      const note = (line: string) => void (flags.output === 'images' || this.log(line))
      if (flags.output === 'images') this.log(images.flatMap(({ names }) => names).join('\n'))
      else if (images.length > 0) {
        this.log(imageTable(content.lock.images, { width: this.tableWidth, isWide: flags.output === 'wide' }))
      }
      const blobs = Array.from(content.blobs, ([digest, { size }]) => ({ digest, size }))
      const sum = blobs.reduce((total, { size }) => total + size, 0)
      note(
        `${args.file}: ${countKinds(content.lock.images)}, ${countOf(blobs.length, 'blob')} with ${formatBytes(sum)}`,
      )
      if (!(content instanceof BundleFile)) {
        const { caveats = [], leftOut = [] } = content
        return { file: args.file, images, blobs, caveats, omissions: this.sayLeftOut(leftOut) }
      }
      const { files, requires } = content.table
      const patches = patchesIn(content.table)
      const { edition } = content.lock
      if (edition) note(`  ${edition.set} ${edition.number}`)
      for (const line of describeDelta(content.table)) note(`  ${line}`)
      const tools = toolsAmong(files)
      if (tools.length > 0) note(`  carries nodeseed for ${tools.join(', ')}`)
      if (flags.key !== undefined) {
        note(`  signed with the key that belongs to ${flags.key}`)
        note(`  contents were not read: nodeseed verify ${quote(args.file)} --key ${quote(flags.key)} does that`)
      }
      return {
        ...{
          file: args.file,
          bytes: content.size,
          ...(edition && { edition }),
          images,
          blobs: content.table.blobs,
          files,
        },
        ...(requires && { requires }),
        ...(patches.length > 0 && { patches }),
        omissions: this.sayLeftOut(content.leftOut),
      }
    } finally {
      await content.close()
    }
  }
}

function describe({ reference, names, target, platforms, artifacts }: LockedImage) {
  return {
    reference,
    names,
    digest: target.digest,
    mediaType: target.mediaType,
    platforms: platforms.map(({ platform, manifest, config, layers }) => ({
      platform: formatPlatform(platform),
      digest: manifest.digest,
      bytes: [manifest, config, ...layers].reduce((sum, { size }) => sum + size, 0),
    })),
    ...(artifacts && {
      artifacts: artifacts.map(({ artifactType, manifest, blobs }) => ({
        ...{ artifactType, digest: manifest.digest },
        bytes: [manifest, ...blobs].reduce((sum, { size }) => sum + size, 0),
      })),
    }),
  }
}
