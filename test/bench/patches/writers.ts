import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tool, toolEnvironment } from '../../support/debian.ts'

const run = promisify(execFile)
const PYTHON_ZLIB =
  'import zlib,sys;c=zlib.compressobj(6,8,31);sys.stdout.buffer.write(c.compress(sys.stdin.buffer.read())+c.flush())'

/** A program that makes a layer of a tar; it gives its own processor time in seconds. */
export interface LayerWriter {
  readonly name: string
  write(tar: string, layer: string): Promise<number>
}

/** Those that can be had here; the others are said. */
export async function layerWriters(directory: string): Promise<LayerWriter[]> {
  const go = await buildGoGzip(directory)
  const writers: LayerWriter[] = [
    shell('zlib (jib, Bazel)', (tar) => `python3 -c '${PYTHON_ZLIB}' < ${tar}`),
    shell('GNU gzip', (tar) => `gzip -nc ${tar}`),
    shell('GNU gzip -9', (tar) => `gzip -9nc ${tar}`),
    shell('pigz', (tar) => `${tool('pigz')} -nc ${tar}`),
    { name: 'umoci', write: writeWithUmoci },
    { name: 'skopeo, zstd', write: (tar, layer) => writeWithSkopeo(tar, layer, 'zstd') },
  ]
  const skopeo: LayerWriter = {
    name: 'skopeo (podman, buildah)',
    write: (tar, layer) => writeWithSkopeo(tar, layer, 'gzip'),
  }
  const docker = go ? [shell('Go (docker, BuildKit)', (tar) => `${go} < ${tar}`)] : []
  if (!go) console.log('  Go: cannot be had here')
  return [...docker, skopeo, ...writers]
}

function shell(name: string, command: (tar: string) => string): LayerWriter {
  return { name, write: (tar, layer) => timed(`${command(tar)} > ${layer}`) }
}

/** umoci adds a tar to an image, compressed. */
async function writeWithUmoci(tar: string, layer: string): Promise<number> {
  return inDirectoryBeside(layer, async (directory) => {
    const layout = join(directory, 'image')
    const umoci = tool('umoci')
    await run(umoci, ['init', '--layout', layout], { env: toolEnvironment() as NodeJS.ProcessEnv })
    await run(umoci, ['new', '--image', `${layout}:a`], { env: toolEnvironment() as NodeJS.ProcessEnv })
    const seconds = await timed(`${umoci} raw add-layer --image ${layout}:a ${tar}`)
    const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))
    const manifest = JSON.parse(await readFile(blobIn(layout, index.manifests[0].digest), 'utf8'))
    await rename(blobIn(layout, manifest.layers[0].digest), layer)
    return seconds
  })
}

/** skopeo copies an image whose layer is not compressed, and compresses it on the way. */
async function writeWithSkopeo(tar: string, layer: string, format: 'gzip' | 'zstd'): Promise<number> {
  return inDirectoryBeside(layer, async (directory) => {
    const [from, to] = [join(directory, 'from'), join(directory, 'to')]
    await mkdir(join(from, 'blobs/sha256'), { recursive: true })
    const digest = `sha256:${(await run('sha256sum', [tar])).stdout.slice(0, 64)}`
    await copyFile(tar, blobIn(from, digest))
    const { size } = await stat(tar)
    const put = async (document: object) => {
      const bytes = JSON.stringify(document)
      const descriptor = { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length }
      await writeFile(blobIn(from, descriptor.digest), bytes)
      return descriptor
    }
    const type = (kind: string) => ({ mediaType: `application/vnd.oci.image.${kind}` })
    const rootfs = { type: 'layers', diff_ids: [digest] }
    const config = {
      ...type('config.v1+json'),
      ...(await put({ architecture: 'amd64', os: 'linux', rootfs, config: {} })),
    }
    const layers = [{ ...type('layer.v1.tar'), digest, size }]
    const manifest = await put({ schemaVersion: 2, ...type('manifest.v1+json'), config, layers })
    await writeFile(join(from, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    const manifests = [{ ...type('manifest.v1+json'), ...manifest }]
    await writeFile(join(from, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
    const seconds = await timed(
      `${tool('skopeo')} --insecure-policy copy -q --dest-compress --dest-compress-format ${format} oci:${from} dir:${to}`,
    )
    const written = JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')).layers[0].digest
    await rename(join(to, written.slice('sha256:'.length)), layer)
    return seconds
  })
}

function blobIn(layout: string, digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'))
}

/** Processor time of a command, in seconds. */
async function timed(command: string): Promise<number> {
  const env = toolEnvironment() as NodeJS.ProcessEnv
  const { stdout } = await run('bash', ['-c', `TIMEFORMAT='%U %S'; { time { ${command} ; } >&2 ; } 2>&1 | tail -n 1`], {
    env,
    maxBuffer: 1 << 20,
  })
  return stdout
    .trim()
    .split(' ')
    .reduce((sum, part) => sum + Number(part), 0)
}

async function inDirectoryBeside<T>(file: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(`${file}-`)
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A program that compresses as Go's compress/gzip does, where there is a Go to build it. */
async function buildGoGzip(directory: string): Promise<string | undefined> {
  const source = `package main
import ("compress/gzip"; "io"; "os")
func main() { w := gzip.NewWriter(os.Stdout); io.Copy(w, os.Stdin); w.Close() }
`
  const file = join(directory, 'gogzip.go')
  await writeFile(file, source)
  const program = join(directory, 'gogzip')
  const built = await run('go', ['build', '-o', program, file]).catch(() => undefined)
  return built && program
}
