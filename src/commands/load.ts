import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { verifyBlobs } from '../bundle/check/verify.ts'
import { ImagesFailedError } from '../bundle/failure.ts'
import { blobsOf, type Lock } from '../bundle/format/lock.ts'
import { derivedFiles, renderNames } from '../bundle/format/node-files.ts'
import { planBundle } from '../bundle/format/plan.ts'
import { imagesToLoad } from '../bundle/images-to-load.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { openOverBases } from '../cli/bundles/trusted-bundle.ts'
import { NOWHERE, writeBundle } from '../cli/bundles/write-bundle.ts'
import { assertUntouched, heldBundle } from '../cli/files/held-bundle.ts'
import { readNodeScript } from '../cli/files/node-script.ts'
import { type NodeScriptResult, runNodeScript } from '../cli/files/run-node-script.ts'
import { ARCHIVE, baseFlag, keyFlag } from '../cli/flags/bundle-file-flags.ts'
import { repeatable } from '../cli/flags/repeatable.ts'
import { givenOptions, loadFromMedia, notFromMedia } from '../cli/loading/load-from-media.ts'
import { createProgress } from '../cli/output/progress.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { onEarlyEnd } from '../early-end.ts'
import { writeError } from '../errors.ts'
import { BundleFile } from '../layout/bundle-file.ts'
import type { Content } from '../oci/content/content.ts'
import { countOf } from '../plural.ts'
import { chooseMethod } from '../seed/methods/method-choice.ts'
import { LOAD_METHODS } from '../seed/methods/methods.ts'

export default class Load extends BaseCommand {
  static override summary = "bring a bundle's images, or some of them, into the container runtime of this machine"
  static override description =
    paragraph(`Checks the bytes first, then does what seeding does on a node: with the runtime's own client it imports what is missing,
keeps it from garbage collection where it can, and looks for every name afterwards. Exit code 4 when one is missing; what
is not there is named, with the reason. A bundle is read where it lies; a delta with --base, and what is no bundle, is
joined into one file in TMPDIR first, which needs room for what is loaded. With --wait-for-media or --media the parts of
a split bundle go to the runtime as they come: with --key every byte is checked first, else the runtime checks digests.`)
  static override examples = [
    'sudo <%= config.bin %> <%= command.id %> shop.tar',
    'sudo <%= config.bin %> <%= command.id %> shop.tar registry.example.com/shop/web:1.4',
    '<%= config.bin %> <%= command.id %> shop.tar --method podman',
  ]
  static override strict = false
  static override args = {
    file: Args.string({ description: ARCHIVE, required: true }),
    name: Args.string({ description: 'image to load; default all' }),
  }
  static override flags = {
    ...keyFlag('contents are hashed before anything is loaded'),
    ...baseFlag,
    method: Flags.string({
      description: `runtime to load into; default: the first of these that is here: ${LOAD_METHODS.map(({ name }) => name).join(', ')}`,
      helpValue: 'METHOD',
      parse: async (word) => chooseMethod(word, LOAD_METHODS),
    }),
    address: Flags.string({ description: "containerd's socket", helpValue: 'SOCKET' }),
    ctr: Flags.string({ description: "the runtime's client to use, such as ctr or skopeo", helpValue: 'PROGRAM' }),
    namespace: Flags.string({ description: 'containerd namespace; default k8s.io', helpValue: 'NAME' }),
    store: Flags.string({ description: 'containers-storage for skopeo', helpValue: 'SPEC' }),
    platform: Flags.string({ description: "platform to load; default: this machine's", helpValue: 'PLATFORM' }),
    'wait-for-media': Flags.boolean({
      description: 'wait for each part of a split bundle where it is not there, and say which one is missing',
    }),
    media: repeatable({
      description: 'another directory in which parts may lie, such as where a medium is mounted (repeatable)',
      helpValue: 'DIR',
    }),
    pin: Flags.boolean({ description: 'keep the images from garbage collection', default: true, allowNo: true }),
  }

  async run(): Promise<unknown> {
    const { argv, args, flags } = await this.parse(Load)
    this.whenStopped('what the runtime has taken stays there; the same command loads the rest')
    const { method, address, ctr, namespace, store, platform } = flags
    const reach = [
      ...givenOptions({ method, address, ctr, namespace, store, platform }),
      ...(flags.pin ? [] : ['--no-pin']),
    ]
    if (flags['wait-for-media'] || flags.media.length > 0) {
      if (argv.length > 1 || (flags.base ?? []).length > 0) throw notFromMedia()
      return this.#say(await loadFromMedia(args.file, reach, flags))
    }
    const content = await openOverBases(args.file, flags)
    const place = join(tmpdir(), 'nodeseed-load-')
    const directory = await mkdtemp(place).catch(async (error) => {
      await content.close()
      throw writeError(place, error)
    })
    const forget = onEarlyEnd(() => rmSync(directory, { recursive: true, force: true }))
    try {
      const bundle = content instanceof BundleFile ? content : undefined
      const lock = imagesToLoad(content.lock, (argv as string[]).slice(1), args.file)
      const version = await bundle?.version()
      // What is joined is hashed on the way.
      if (bundle) await this.#verify(content, lock)
      const file = bundle
        ? await heldBundle(bundle, directory)
        : await joined(content, lock, directory).catch(async (error) => {
            if (error instanceof ImagesFailedError) await this.#verify(content, lock)
            throw error
          })
      const names = join(directory, 'names.txt')
      // Which edition it is counts where whole sets are kept; these images are taken as they are.
      await writeFile(names, renderNames({ version: 1, images: lock.images })).catch((error) => {
        throw writeError(names, error)
      })
      const result = await runNodeScript(await readNodeScript(), [...reach, '--names', names], {
        file,
        path: content.path,
      })
      if (bundle) await assertUntouched(bundle, version)
      const report = this.#say(result)
      this.sayLeftOut(content.leftOut ?? [])
      return report
    } finally {
      await rm(directory, { recursive: true })
      forget()
      await content.close()
    }
  }

  #say({ isWhole, report }: NodeScriptResult): unknown {
    const message = report.message ? `; ${report.message}` : ''
    const names = countOf(Number(report.names), 'name')
    // A remark, such as that a digest is lost, is not to follow on a word that all is well.
    const there = isWhole ? (report.message ? '' : ', all there') : `, ${report.missingCount} missing`
    this.log(`${report.runtime}: ${report.result}, ${names}${there}, ${report.imported} imported${message}`)
    for (const { name, why } of notThere(report)) this.logToStderr(`not there: ${name}: ${why}`)
    if (!isWhole) this.answerNo()
    return report
  }

  async #verify(content: Content, { images }: Lock): Promise<void> {
    const progress = createProgress()
    const blobs = images.flatMap(blobsOf)
    const distinct = new Map(blobs.map(({ digest, size }) => [digest, size]))
    await progress.start(
      `verify ${content.path}`,
      [...distinct.values()].reduce((sum, size) => sum + size, 0),
    )
    try {
      await verifyBlobs(blobs, content, (count) => progress.add(count))
    } finally {
      progress.stop()
    }
  }
}

/** The images that the script could not bring in, and why. */
function notThere({ images = [] }: { images?: unknown }): { name: string; why: string }[] {
  return (images as { name: string; there: boolean; why?: string }[]).flatMap(({ name, there, why = '' }) =>
    there ? [] : [{ name, why }],
  )
}

/** One file with these images, in a directory that goes away: a runtime reads no delta and no directory. */
async function joined(content: Content, { images }: Lock, directory: string): Promise<string> {
  const file = join(directory, 'joined.tar')
  const lock: Lock = { version: 1, images }
  await writeBundle(file, planBundle(lock, derivedFiles(lock)), {
    source: NOWHERE,
    reuse: [content],
    isTemporary: true,
  })
  return file
}
