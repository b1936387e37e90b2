import { basename } from 'node:path'
import { Args, Flags } from '@oclif/core'
import type { AttachedDocument } from '../bundle/attached/describe-attachment.ts'
import { diffLocks, type LockDiff } from '../bundle/delta/diff.ts'
import type { LockedContent } from '../bundle/format/bundle.ts'
import type { LockedImage } from '../bundle/format/lock.ts'
import { toolsAmong } from '../bundle/format/node-files.ts'
import { countKinds } from '../bundle/kinds.ts'
import { sayEdition } from '../bundle/lock/edition.ts'
import { setTerms } from '../bundle/page/set-terms.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { readLockOf } from '../cli/bundles/lock-file.ts'
import { openImages } from '../cli/bundles/trusted-bundle.ts'
import { describeDelta, patchReport } from '../cli/deltas/describe-delta.ts'
import { ARCHIVE, keyFlag, pageFlags, TABLE_ONLY } from '../cli/flags/bundle-file-flags.ts'
import { repeatable } from '../cli/flags/repeatable.ts'
import { checkPage, writeBundlePage } from '../cli/inspection/bundle-page.ts'
import {
  attachedJson,
  attachedTo,
  imageJson,
  type NamingPlace,
  placesOfImages,
  signerText,
} from '../cli/inspection/image-about.ts'
import { formatFlag } from '../cli/output/formats/output-format.ts'
import { imageTable } from '../cli/output/image-table.ts'
import { renderTable } from '../cli/output/terminal/table.ts'
import { BundleFile } from '../layout/bundle-file.ts'
import { digestOf } from '../oci/digest.ts'
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
    '<%= config.bin %> <%= command.id %> shop.tar --since may.tar --for k8s/',
    '<%= config.bin %> <%= command.id %> shop.tar --for k8s/ --html shop.html',
    '<%= config.bin %> <%= command.id %> shop.tar --attached registry.example/shop/web:1.4 --to sboms',
  ]
  static override args = { file: Args.string({ description: ARCHIVE, required: true }) }
  static override flags = {
    ...keyFlag(TABLE_ONLY),
    output: formatFlag(['table', 'wide', 'images', 'json', 'yaml']),
    since: Flags.string({ description: 'say what changed since this bundle or lock', helpValue: 'FILE' }),
    for: repeatable({
      description: 'say where these manifests name each image, file and line (repeatable)',
      helpValue: 'INPUT',
    }),
    attached: Flags.string({
      description: 'list what is attached to this image: signatures, SBOMs, provenance',
      helpValue: 'REF',
      exclusive: ['html'],
    }),
    ...pageFlags,
    to: Flags.string({
      description: 'with --attached: write each of it into this directory, which is made if need be',
      helpValue: 'DIR',
      dependsOn: ['attached'],
    }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Inspect)
    await checkPage(flags.html, { inputs: [args.file, flags.since ?? args.file, ...flags.for], force: flags.force })
    const before = flags.since === undefined ? undefined : await readLockOf(flags.since)
    const places = await placesOfImages(flags.for)
    const content = await openImages(args.file, flags)
    try {
      if (flags.attached !== undefined) return await this.#attached(content, flags.attached, flags.to)
      const attached = new Map<LockedImage, readonly AttachedDocument[]>()
      for (const image of content.lock.images) attached.set(image, await attachedTo(image, content))
      const images = content.lock.images.map((image) =>
        imageJson(image, {
          attached: attached.get(image) ?? [],
          places: flags.for.length > 0 ? placesOf(image, places) : undefined,
        }),
      )
      const note = (line: string) => void (flags.output === 'images' || this.log(line))
      if (flags.output === 'images') this.log(images.flatMap(({ names }) => names).join('\n'))
      else if (images.length > 0) {
        const isWide = flags.output === 'wide'
        const more = [
          { heading: 'SIGNED BY', of: ({ signatures = [] }: LockedImage) => signatures.map(signerText).join(', ') },
          { heading: 'FIRST SEEN', of: ({ firstSeen = '' }: LockedImage) => (isWide ? firstSeen : '') },
          { heading: 'ATTACHED', of: (image: LockedImage) => countByKind(attached.get(image) ?? []) },
          { heading: 'NAMED AT', of: (image: LockedImage) => placesOf(image, places).map(placeText).join(', ') },
        ]
        this.log(imageTable(content.lock.images, { width: this.tableWidth, isWide, more }))
      }
      const isClaimed =
        flags.key === undefined && content.lock.images.some(({ signatures }) => signatures !== undefined)
      const blobs = Array.from(content.blobs, ([digest, { size }]) => ({ digest, size }))
      const sum = blobs.reduce((total, { size }) => total + size, 0)
      note(
        `${args.file}: ${countKinds(content.lock.images)}, ${countOf(blobs.length, 'blob')} with ${formatBytes(sum)}`,
      )
      if (flags.html !== undefined) {
        await writeBundlePage(flags.html, {
          images: content.lock.images,
          about: this.#about(args.file, content, sum, flags.key),
          remarksOf: (image) => ({
            signedBy: (image.signatures ?? []).map(signerText).join(', '),
            attached: countByKind(attached.get(image) ?? []),
            namedAt: placesOf(image, places).map(placeText),
          }),
          notes: [...(content.leftOut ?? []).map(({ message }) => message), ...(isClaimed ? [CLAIMED] : [])],
        })
      }
      if (isClaimed) note(`  ${CLAIMED}`)
      const changes = before && diffLocks(before, content.lock)
      for (const line of changes ? changeLines(changes) : []) note(`  ${line}`)
      const common = { file: args.file, images, ...(changes && { changes }) }
      if (!(content instanceof BundleFile)) {
        const { caveats = [], leftOut = [] } = content
        return { ...common, blobs, caveats, omissions: this.sayLeftOut(leftOut) }
      }
      return { ...common, ...this.#bundle(content, flags.key, note), omissions: this.sayLeftOut(content.leftOut) }
    } finally {
      await content.close()
    }
  }

  /** What the page says of the whole. */
  #about(file: string, content: LockedContent, bytes: number, key: string | undefined) {
    const { lock } = content
    const platforms = new Set(
      lock.images.flatMap((image) => image.platforms.map(({ platform }) => formatPlatform(platform))),
    )
    return [
      ['Bundle', basename(file)],
      ...setTerms(lock),
      ...(content instanceof BundleFile ? [['Digest of its index.json', digestOf(content.index)] as const] : []),
      ['Holds', countKinds(lock.images)],
      ['Size', formatBytes(bytes)],
      ['Platforms', [...platforms].sort().join(', ')],
      [
        'Signature',
        key === undefined ? 'not checked: no key was given' : `of the key that belongs to ${basename(key)}`,
      ],
      ['Contents', 'not read: nodeseed verify reads them'],
      ['Made by', `nodeseed ${this.config.version}`],
    ] as const
  }

  /** What only a bundle has. */
  #bundle(content: BundleFile, key: string | undefined, note: (line: string) => void) {
    const { files, requires, blobs } = content.table
    const { edition, waiting } = content.lock
    if (edition) note(`  ${sayEdition(edition)}`)
    for (const line of describeDelta(content.table)) note(`  ${line}`)
    const tools = toolsAmong(files)
    if (tools.length > 0) note(`  carries nodeseed for ${tools.join(', ')}`)
    if (key !== undefined) {
      note(`  signed with the key that belongs to ${key}`)
      note(`  contents were not read: nodeseed verify ${quote(content.path)} --key ${quote(key)} does that`)
    }
    return {
      bytes: content.size,
      ...(edition && { edition }),
      ...{ blobs, files },
      ...(requires && { requires }),
      ...patchReport(content.table),
      ...(waiting && { waiting }),
    }
  }

  async #attached(content: LockedContent, reference: string, directory: string | undefined): Promise<unknown> {
    const { extractAttached, imageNamed } = await import('../cli/inspection/attached.ts')
    const image = imageNamed(content.lock.images, reference, content.path)
    const attached = await attachedTo(image, content)
    const rows = attached.map(({ kind, type, blob }) => [kind, type, blob.digest, formatBytes(blob.size)])
    if (rows.length === 0) this.log(`nothing is attached to ${image.reference} here`)
    else this.log(renderTable(['KIND', 'TYPE', 'DIGEST', 'SIZE'], rows, { width: this.tableWidth }))
    const written = directory === undefined ? undefined : await extractAttached(content, attached, directory)
    for (const file of written ?? []) this.log(file)
    const found = attached.map(attachedJson)
    return { ...{ file: content.path, reference: image.reference, attached: found }, ...(written && { written }) }
  }
}

/** Said where nobody has checked the bundle itself: whoever makes one writes its lock. */
const CLAIMED = 'who signed the images is what the lock says: lock --from FILE --offline --verify POLICY checks it'

function placesOf({ names, reference }: LockedImage, places: ReadonlyMap<string, readonly NamingPlace[]>) {
  return [...new Set([...names, reference])].flatMap((name) => places.get(name) ?? [])
}

function placeText({ file, line }: NamingPlace): string {
  return `${file}:${line}`
}

/** `1 SBOM, 2 signatures`. */
function countByKind(attached: readonly AttachedDocument[]): string {
  const kinds = [...Map.groupBy(attached, ({ kind }) => kind)]
  return kinds.map(([kind, { length }]) => countOfKind(kind, length)).join(', ')
}

function countOfKind(kind: AttachedDocument['kind'], count: number): string {
  if (kind === 'provenance') return kind
  return kind === 'notation signature' ? `${countOf(count, kind)} (not judged)` : countOf(count, kind)
}

function changeLines({ removed, added, moved }: LockDiff): string[] {
  return [
    ...removed.map(({ name, digest }) => `- ${name} ${digest}`),
    ...added.map(({ name, digest }) => `+ ${name} ${digest}`),
    ...moved.map(({ name, from, to }) => `~ ${name} ${from} -> ${to}`),
  ]
}
