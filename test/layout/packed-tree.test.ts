import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { expect, onTestFinished, test } from 'vitest'
import { PackedTree } from '../../src/layout/packed/packed-tree.ts'
import { packFiles } from '../support/chart-maker.ts'
import { tarOf } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function packed(...entries: Parameters<ReturnType<typeof pack>['entry']>[0][]): Promise<Buffer> {
  const archive = pack()
  for (const entry of entries) archive.entry(entry, entry.type === undefined ? 'x' : '')
  archive.finalize()
  return gzipSync(Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>)))
}

test('files are read and written as they were packed, but for what is left out', async () => {
  const tree = await PackedTree.open(await packFiles({ './web/a.yaml': 'a: 1', 'web/b/c.txt': 'c' }), 'web')
  onTestFinished(() => tree.close())
  expect(tree.names).toEqual(['web/a.yaml', 'web/b/c.txt'])
  expect((await tree.read('web/a.yaml'))?.toString()).toBe('a: 1')
  expect(await tree.read('web/x')).toBeUndefined()
  const directory = await temporaryDirectory()
  await tree.unpackTo(directory, (name) => name.endsWith('a.yaml'))
  expect(await readFile(join(directory, 'web/b/c.txt'), 'utf8')).toBe('c')
  await expect(readFile(join(directory, 'web/a.yaml'))).rejects.toThrow('ENOENT')
})

test.for<[what: string, make: () => Promise<Buffer> | Buffer, message: string]>([
  ['a symbolic link', () => packed({ name: 'web/a', type: 'symlink', linkname: '/etc/passwd' }), 'neither a file nor'],
  [
    'a hard link',
    () => packed({ name: 'web/a' }, { name: 'web/b', type: 'link', linkname: 'web/a' }),
    'neither a file',
  ],
  ['a device', () => packed({ name: 'web/a', type: 'character-device' }), 'neither a file nor a directory'],
  ['a name that leads out', () => packed({ name: '../../etc/passwd' }), 'leads out'],
  ['an absolute name', () => packed({ name: '/etc/passwd' }), 'leads out'],
  [
    'a name twice',
    async () => gzipSync(await tarOf(['one', 'two'].map((content) => [{ name: 'web/a' }, content]))),
    'there twice',
  ],
  [
    'another archive behind its end',
    async () => Buffer.concat([await packFiles({ a: 'x' }), await packFiles({ b: 'y' })]),
    'another archive begins',
  ],
  ['a bomb', () => gzipSync(Buffer.alloc(129 * 1024 * 1024), { level: 1 }), 'more than 128 MiB'],
  ['no gzip', () => Buffer.from('chart'), 'cannot be unpacked'],
  ['half of one', async () => (await packFiles({ a: 'x'.repeat(5000) })).subarray(0, 60), 'cannot be unpacked'],
  ['no tar', () => gzipSync('x'.repeat(2000)), 'byte 0'],
])('%s is refused', async ([, make, message]) => {
  const opening = PackedTree.open(await make(), 'oci://registry.example.com/charts/web:1')
  await expect(opening).rejects.toMatchObject({
    code: 'BUNDLE_INVALID',
    message: expect.stringMatching(new RegExp(`^oci://registry.example.com/charts/web:1: .*${message}`)),
  })
})
