import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileArtifact, filesAmong } from '../../src/bundle/files/file-artifact.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { startServing } from '../server/serving.ts'
import { runCli } from '../support/cli.ts'
import { directoryWith, temporaryDirectory } from '../support/temporary.ts'

/** A bundle of two files, one of which runs and is larger than what is read at once. */
async function filesBundle(...options: string[]) {
  const directory = await directoryWith({ 'in/install.sh': '#!/bin/sh\n', 'in/über ich.bin': Buffer.alloc(3 << 20, 7) })
  await chmod(join(directory, 'in/install.sh'), 0o755)
  await chmod(join(directory, 'in/über ich.bin'), 0o640)
  const file = join(directory, 'files.tar')
  const paths = ['install.sh', 'über ich.bin'].flatMap((name) => ['--file', join(directory, 'in', name)])
  const made = await runCli(['bundle', ...paths, '-o', file, ...options])
  expect(made, made.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 artifacts') })
  return { directory, file }
}

test('plain files are carried in a signed bundle, shown, and come out as they went in', async () => {
  const keys = join(await temporaryDirectory(), 'release')
  await runCli(['keygen', '-o', keys])
  const { directory, file } = await filesBundle('--sign', `${keys}.key`)
  expect(await runCli(['verify', file, '--key', `${keys}.pub`])).toMatchObject({ exitCode: 0 })
  expect((await runCli(['inspect', file])).stdout).toMatch(/nodeseed\.invalid\/files:install\.sh .* file {2}/)
  const out = join(directory, 'out/deep')
  const extracted = await runCli(['extract', file, '-o', out, '--key', `${keys}.pub`, '--json'])
  expect(extracted, extracted.stderr).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(extracted.stdout).files).toMatchObject([
    { path: join(out, 'install.sh'), mode: '0755', bytes: 10, digest: digestOf('#!/bin/sh\n') },
    { path: join(out, 'über ich.bin'), mode: '0640', bytes: 3 << 20 },
  ])
  for (const [name, mode] of [
    ['install.sh', 0o755],
    ['über ich.bin', 0o640],
  ] as const) {
    expect((await readFile(join(out, name))).equals(await readFile(join(directory, 'in', name)))).toBe(true)
    expect((await stat(join(out, name))).mode & 0o777 & ~0o022).toBe(mode & ~0o022)
  }
  const again = `${file}.again`
  const from = ['bundle', '--from', file, '--offline', '-o', again]
  expect(await runCli(from)).toMatchObject({ exitCode: 0 })
  expect((await readFile(again)).equals(await readFile(file))).toBe(true)
})

test('a registry hands a file out by its name', async () => {
  const { file } = await filesBundle()
  const { url } = await startServing([file])
  const manifest = await fetch(new URL('/v2/files/manifests/install.sh', url))
  const [layer] = ((await manifest.json()) as { layers: { digest: string }[] }).layers
  expect(await (await fetch(new URL(`/v2/files/blobs/${layer?.digest}`, url))).text()).toBe('#!/bin/sh\n')
})

test('what is there stays unless it may be replaced, and nothing is written through a link', async () => {
  const { directory, file } = await filesBundle()
  const out = join(directory, 'out')
  await mkdir(out)
  await writeFile(join(directory, 'precious'), 'precious')
  await symlink(join(directory, 'precious'), join(out, 'install.sh'))
  const extract = (...more: string[]) => runCli(['extract', file, 'install.sh', '-o', out, ...more])
  expect(await extract()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is there already') })
  expect(await extract('--force')).toMatchObject({ exitCode: 0 })
  expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('precious')
  expect(await readFile(join(out, 'install.sh'), 'utf8')).toBe('#!/bin/sh\n')
})

test('a file that was damaged in the bundle is not written', async () => {
  const { directory, file } = await filesBundle()
  const bytes = await readFile(file)
  bytes[bytes.indexOf(Buffer.alloc(64, 7)) + 32] = 8
  await writeFile(file, bytes)
  const out = join(directory, 'out')
  const extracted = await runCli(['extract', file, 'über ich.bin', '-o', out])
  expect(extracted.exitCode).toBeGreaterThan(1)
  expect(extracted.stderr).toContain('the file über ich.bin is damaged')
  await expect(stat(join(out, 'über ich.bin'))).rejects.toThrow('ENOENT')
})

test('two files of one name, what is no file, and names that are not there are refused', async () => {
  const directory = await directoryWith({ 'a/x': '1', 'b/x': '2' })
  const bundle = (...files: string[]) =>
    runCli(['bundle', ...files.flatMap((one) => ['--file', join(directory, one)]), '-o', join(directory, 'x.tar')])
  expect(await bundle('a/x', 'b/x')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('the same name as') })
  expect(await bundle('a')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is a directory') })
  expect(await bundle('none')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no such file') })
  expect(await bundle('a/x')).toMatchObject({ exitCode: 0 })
  const extracted = await runCli(['extract', join(directory, 'x.tar'), 'y', '-o', join(directory, 'out')])
  expect(extracted).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('carries no file y') })
})

const DIGEST = digestOf('x')

test.for(['', '.', '..', 'a/b', '../x', 'a\\b', 'a\u0000', 'a\nb', '\u202ecod.exe', 'x'.repeat(256)])(
  'the name %j is refused when a bundle is made, and when one has it',
  (name) => {
    expect(() => fileArtifact({ name, mode: 0o644, digest: DIGEST, size: 1 })).toThrow()
    const { manifest } = fileArtifact({ name: 'x', mode: 0o644, digest: DIGEST, size: 1 })
    const layer = { mediaType: 'application/octet-stream', digest: DIGEST, size: 1 }
    const annotations = { 'org.opencontainers.image.title': name, 'dev.nodeseed.file.mode': '0644' }
    const artifact = {
      artifactType: 'application/vnd.nodeseed.file.v1',
      manifest,
      blobs: [layer, { ...layer, annotations }],
    }
    const image = { reference: 'x', names: [], target: manifest, platforms: [], artifacts: [artifact] }
    expect(() => filesAmong([image], 'x.tar')).toThrow('x.tar: the file')
  },
)
