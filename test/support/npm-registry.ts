import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ServedFiles, serveFiles } from './served-files.ts'

const run = promisify(execFile)

let packed: Promise<Buffer> | undefined

/** `http://127.0.0.1:PORT` of an npm registry that has nodeseed as it is built here, under the version of package.json. */
export async function startNpmRegistry(): Promise<string> {
  packed ??= pack()
  const content = await packed
  const files: ServedFiles = new Map([['/nodeseed.tgz', content]])
  const address = await serveFiles(files)
  const { name, version, bin, engines } = JSON.parse(await readFile('package.json', 'utf8')) as Record<string, string>
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`
  const dist = { tarball: `${address}/nodeseed.tgz`, integrity }
  const versions = { [version!]: { name, version, bin, engines, dist } }
  files.set(`/${name}`, JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
  return address
}

/** What `npm publish` would send. */
async function pack(): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]
  const [{ filename }] = JSON.parse((await run('npm', args)).stdout) as [{ filename: string }]
  const content = await readFile(join(directory, filename))
  await rm(directory, { recursive: true })
  return content
}
