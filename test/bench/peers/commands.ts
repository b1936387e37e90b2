import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchImage } from '../images.ts'

/** Where images come from, and where the files go. */
export interface Job {
  /** `127.0.0.1:5000` */
  readonly host: string
  readonly images: readonly BenchImage[]
  /** An empty directory, or what the run before left in it. */
  readonly out: string
  /** The program. */
  readonly program: string
}

/** One way to carry images in one file. */
export interface Peer {
  readonly name: string
  /** What is looked for on PATH. */
  readonly program: string
  /** A command line that leaves everything in `result`. */
  readonly pull: (job: Job) => string
  /** Below the directory. */
  readonly result: string
  /** The same once more, after it was killed. */
  readonly resume?: (job: Job) => string
  /** A command line that brings what it pulled into the registry `to`. */
  readonly push?: (job: Job & { readonly to: string }) => string
}

const references = ({ host, images }: Job) => images.map(({ repository, tag }) => `${host}/${repository}:${tag}`)
const packed = ({ out }: Job, of = 'layout') => `tar -cf '${out}/out.tar' -C '${out}' ${of}`
const each = (job: Job, line: (reference: string, at: number) => string) => references(job).map(line).join(' && ')

/** The settings are the best that each was seen to have: as parallel as it goes, digests kept where it can. */
export const PEERS: readonly Peer[] = [
  {
    name: 'curl -P4, then openssl sha256',
    program: 'curl',
    pull(job) {
      const urls = job.images.flatMap(({ repository, tag, blobs }) => [
        [`manifests/${tag}`, `${repository.replaceAll('/', '_')}.json`, repository],
        ...blobs.map(({ digest }) => [`blobs/${digest}`, digest.slice(7), repository]),
      ])
      const lines = new Map(
        urls.map(([path, name, repository]) => [
          name,
          `-H accept:application/vnd.oci.image.manifest.v1+json http://${job.host}/v2/${repository}/${path} -o ${job.out}/blobs/${name}`,
        ]),
      )
      writeFileSync(join(job.out, 'urls'), `${[...lines.values()].join('\n')}\n`)
      return `cd '${job.out}' && mkdir -p blobs && xargs -P4 -L1 ${job.program} -sS --fail < urls && openssl sha256 blobs/*`
    },
    result: 'blobs',
  },
  {
    name: 'imgpkg copy --to-tar',
    program: 'imgpkg',
    pull(job) {
      const images = job.images.map(({ repository, manifest }) => `- image: ${job.host}/${repository}@${manifest}\n`)
      const lock = `apiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:\n${images.join('')}`
      writeFileSync(join(job.out, 'lock.yml'), lock)
      return imgpkg(job, '')
    },
    resume: (job) => imgpkg(job, '--resume'),
    result: 'out.tar',
    push: ({ program, out, to }) =>
      `'${program}' copy --registry-insecure --registry-anon --concurrency 8 --tar '${out}/out.tar' --to-repo ${to}/all`,
  },
  {
    name: 'crane pull, a tarball',
    program: 'crane',
    pull: (job) => `'${job.program}' pull --insecure ${references(job).join(' ')} '${job.out}/out.tar'`,
    result: 'out.tar',
  },
  {
    name: 'crane pull --format oci, tar',
    program: 'crane',
    pull: (job) =>
      `'${job.program}' pull --insecure --format oci ${references(job).join(' ')} '${job.out}/layout' && ${packed(job)}`,
    result: 'out.tar',
  },
  {
    name: 'hauler store sync, save',
    program: 'hauler',
    pull(job) {
      const images = references(job).map((reference) => `  - name: ${reference}\n`)
      const head = 'apiVersion: content.hauler.cattle.io/v1\nkind: Images\nmetadata: {name: bench}\nspec:\n  images:\n'
      writeFileSync(join(job.out, 'images.yaml'), head + images.join(''))
      const places = `--haulerdir '${job.out}/home' --store '${job.out}/store' --tempdir '${job.out}' -l error`
      const sync = `'${job.program}' store sync ${places} -f '${job.out}/images.yaml'`
      return `mkdir -p '${job.out}/home' && ${sync} && '${job.program}' store save ${places} -f '${job.out}/out.tar.zst'`
    },
    result: 'out.tar.zst',
  },
  {
    name: 'oras cp, tar',
    program: 'oras',
    pull: (job) =>
      `${each(job, (reference, at) => `'${job.program}' cp --from-plain-http --concurrency 8 --to-oci-layout ${reference} '${job.out}/layout:image-${at}'`)} && ${packed(job)}`,
    result: 'out.tar',
    push: (job) =>
      each(job, (_, at) => {
        const { repository, tag } = job.images[at]!
        return `'${job.program}' cp --to-plain-http --concurrency 8 --from-oci-layout '${job.out}/layout:image-${at}' ${job.to}/${repository}:${tag}`
      }),
  },
  {
    name: 'skopeo copy --preserve-digests, tar',
    program: 'skopeo',
    pull: (job) =>
      `${each(job, (reference, at) => `${skopeo(job)} --src-tls-verify=false docker://${reference} 'oci:${job.out}/layout:image-${at}'`)} && ${packed(job)}`,
    result: 'out.tar',
    push: (job) =>
      each(job, (_, at) => {
        const { repository, tag } = job.images[at]!
        return `${skopeo(job)} --dest-tls-verify=false 'oci:${job.out}/layout:image-${at}' docker://${job.to}/${repository}:${tag}`
      }),
  },
]

function imgpkg({ program, out }: Job, flags: string): string {
  return `'${program}' copy --registry-insecure --registry-anon --concurrency 8 --lock '${out}/lock.yml' --to-tar '${out}/out.tar' ${flags}`
}

function skopeo({ program }: Job): string {
  return `'${program}' --insecure-policy copy -q --preserve-digests`
}

/** This program, or another version of it. */
export function ownPeer(name: string, program: string): Peer {
  const start = `'${process.execPath}' '${program}'`
  const bundle = (job: Job) =>
    `${start} bundle ${references(job)
      .map((reference) => `--image ${reference}`)
      .join(' ')} -o '${job.out}/out.tar'`
  return {
    name,
    program,
    pull: bundle,
    resume: bundle,
    result: 'out.tar',
    push: ({ out, to }) => `${start} push '${out}/out.tar' ${to}`,
  }
}
