import { Args, Flags } from '@oclif/core'
import { ImagesFailedError } from '../bundle/failure.ts'
import { fillIndexes } from '../bundle/push/fill-index.ts'
import { pushImages } from '../bundle/push/push.ts'
import { pushNames } from '../bundle/push/push-name.ts'
import { describeSparse, sparseImages } from '../bundle/push/sparse-index.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { openOverBases } from '../cli/bundles/trusted-bundle.ts'
import { keepInputs } from '../cli/files/kept-inputs.ts'
import { ARCHIVE, baseFlag, keyFlag } from '../cli/flags/bundle-file-flags.ts'
import { createProgress } from '../cli/output/progress.ts'
import { connectionFlags } from '../cli/registry/registry-flags.ts'
import { readRegistryOptions } from '../cli/registry/registry-options.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { checkOutputPlace } from '../disk/output-place.ts'
import { writeTextFile } from '../disk/write-file.ts'
import { ExpectedError } from '../errors.ts'
import { sizeOfBlobs } from '../oci/content/content.ts'
import { parseReference, repositoryName } from '../oci/reference.ts'
import { countOf } from '../plural.ts'
import { RegistryClient } from '../registry/client/registry-client.ts'
import { UploadClient } from '../registry/client/upload-client.ts'
import { isHost } from '../registry/config/endpoint.ts'

const GOES_ON = 'Fix the errors above and run the same command again: what the registry has by then is not sent again.'

export default class Push extends BaseCommand {
  static override summary = 'copy the images of a bundle into a registry: only what it lacks, every digest kept'
  static override description =
    paragraph(`A repository keeps its path: docker.io/library/nginx becomes REGISTRY/library/nginx. With --rewrite mirror it becomes
REGISTRY/mirror/docker.io/library/nginx. What another repository of the registry has is mounted, not sent; an upload
that breaks goes on where it broke.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar registry.local:5000',
    '<%= config.bin %> <%= command.id %> shop.tar registry.local --rewrite mirror --image-map images.json',
  ]
  static override args = {
    file: Args.string({ description: ARCHIVE, required: true }),
    registry: Args.string({ description: 'HOST[:PORT] of the registry', required: true }),
  }
  static override flags = {
    rewrite: Flags.string({
      description: 'put every image under this path, with its upstream registry',
      helpValue: 'PREFIX',
    }),
    'sparse-index': Flags.option({
      options: ['original', 'reduce', 'fill', 'fail'] as const,
      description:
        'an index that lists platforms which the bundle leaves out: try it as it is (original), push a smaller one where the registry refuses it (reduce), fetch what it lists from where the image is from (fill), or send nothing at all (fail)',
      default: 'original' as const,
    })(),
    'image-map': Flags.string({ description: 'write what each image is called there to this file', helpValue: 'FILE' }),
    ...keyFlag('contents are hashed as they are sent'),
    ...baseFlag,
    ...connectionFlags,
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Push)
    this.whenStopped('what the registry has stays there; the same command sends the rest')
    const registry = parseRegistry(args.registry)
    if (flags['image-map']) await checkOutputPlace(flags['image-map'], { replace: true })
    if (flags['image-map']) await keepInputs(flags['image-map'], { inputs: [args.file], flags })
    const content = await openOverBases(args.file, flags)
    const options = await readRegistryOptions(flags, [])
    const client = new UploadClient(options)
    const source = new RegistryClient(options)
    const progress = createProgress()
    try {
      const { images } = content.lock
      const names = pushNames(
        images.flatMap((image) => image.names.map((name) => repositoryName(parseReference(name)))),
        { registry, prefix: flags.rewrite },
      )
      const sparse = flags['sparse-index'] === 'fail' ? [] : await sparseImages(images, content)
      const filled = flags['sparse-index'] === 'fill' ? await fillIndexes(images, sparse, content, source) : undefined
      const note = filled ? undefined : describeSparse(sparse)
      if (note) this.note(note)
      await progress.start(`push to ${registry}`, sizeOfBlobs(filled?.content ?? content))
      const pushed = await pushImages(filled ?? content.lock, filled?.content ?? content, client, {
        nameFor: (repository) => names.get(repository) ?? repository,
        baseNameFor: (repository) =>
          pushNames([repository], { registry, prefix: flags.rewrite }).get(repository) ?? repository,
        sparseIndex: flags['sparse-index'] === 'fill' ? 'original' : flags['sparse-index'],
        onBytes: (count) => progress.add(count),
      })
      progress.stop()
      const result = { ...pushed, failures: [...(filled?.failures ?? []), ...pushed.failures] }
      if (result.failures.length > 0)
        throw new ImagesFailedError(result.failures, images.length, 'cannot be pushed', { hint: GOES_ON })
      const { uploaded, mounted, there } = result.blobs
      for (const { reference, names: mapped, wasThere } of result.images) {
        this.log(`${mapped[reference] ?? Object.values(mapped)[0]}${wasThere ? ' (was there)' : ''}`)
      }
      this.log(`${countOf(uploaded, 'blob')} uploaded, ${mounted} mounted, ${there} there already`)
      const map = Object.assign({}, ...result.images.map((image) => image.names))
      if (flags['image-map']) await writeTextFile(flags['image-map'], `${JSON.stringify(map, null, 2)}\n`)
      const omissions = this.sayLeftOut([...(content.leftOut ?? []), ...result.doubts])
      return { registry, images: result.images, blobs: result.blobs, omissions }
    } finally {
      progress.stop()
      await client.close()
      await source.close()
      await content.close()
    }
  }
}

function parseRegistry(text: string): string {
  const registry = text.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  if (/^(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(registry) && isHost(registry)) return registry
  throw new ExpectedError('USAGE', `not a registry: ${JSON.stringify(text)}`, {
    hint: 'Write HOST or HOST:PORT; a path goes into --rewrite.',
  })
}
