import { link, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { signIndex } from '../../src/bundle/format/signature.ts'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KINDS = ['html', 'sarif', 'junit'] as const

let directory: string
const at = (name: string) => join(directory, name)
const read = (name: string) => readFile(at(name), 'utf8')

beforeEach(async () => {
  directory = await temporaryDirectory()
  await mkdir(at('k8s'))
  await writeFile(at('k8s/shop.yaml'), await readFile('examples/audit/shop.yaml'))
  await writeFile(at('nodes.json'), await readFile('examples/audit/nodes.json'))
})

const audit = (...flags: string[]) =>
  runCli(['audit', 'k8s/shop.yaml', '--nodes', 'nodes.json', '--fail-on', 'never', ...flags], { cwd: directory })

test.for(KINDS)('an earlier --%s report is replaced, and so is an empty file', async (kind) => {
  await writeFile(at('report'), '')
  expect(await audit(`--${kind}`, 'report')).toMatchObject({ exitCode: 0 })
  const first = await read('report')
  expect(await audit(`--${kind}`, 'report')).toMatchObject({ exitCode: 0 })
  expect(await read('report')).toBe(first)
  // Whichever kind it is of.
  expect(await audit('--sarif', 'report')).toMatchObject({ exitCode: 0 })
})

const FOREIGN: [what: string, kind: (typeof KINDS)[number], content: string][] = [
  ['a key', 'html', '-----BEGIN PRIVATE KEY-----\nx\n'],
  ['a page of others', 'html', '<!doctype html><html><title>my page</title></html>'],
  ['SARIF of others', 'sarif', '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"other"}}}]}'],
  ['JUnit of others', 'junit', '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="mine" tests="0"/>'],
  ['a manifest', 'sarif', 'kind: Pod\n'],
  ['a file of zeros', 'junit', '\0'.repeat(4096)],
]

test.for(FOREIGN)('%s is no report of ours: only --force replaces it', async ([, kind, content]) => {
  await writeFile(at('file'), content)
  const refused = await audit(`--${kind}`, 'file')
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
  expect(refused.stderr).toContain('file: is there already, and no report of nodeseed')
  expect(await read('file')).toBe(content)
  expect(await audit(`--${kind}`, 'file', '--force')).toMatchObject({ exitCode: 0 })
  expect(await read('file')).not.toBe(content)
})

async function inputsBeside() {
  await writeBundleOf(await demoContent(), at('demo.tar'))
  await writeFile(at('images.json'), JSON.stringify({ images: [] }))
  await writeFile(at('pods.json'), JSON.stringify({ kind: 'List', items: [] }))
  await writeFile(at('demo.tar.sig'), 'x')
  await link(at('nodes.json'), at('another-name'))
  await writeFile(at('k8s/README.md'), 'notes')
  await writeFile(at('k8s/rules.yaml'), 'rules: []\n')
}

test.for<[what: string, file: string, flags: string[]]>([
  ['the workloads', 'k8s/shop.yaml', []],
  ['the nodes', 'nodes.json', []],
  ['the nodes, by another name', 'another-name', []],
  ['the bundle', 'demo.tar', ['--bundle', 'demo.tar']],
  ['its signature', 'demo.tar.sig', ['--bundle', 'demo.tar']],
  ['a list of a node', 'images.json', ['--images', 'worker-1=images.json']],
  ['the pods', 'pods.json', ['--pods', 'pods.json']],
  ['the rules', 'k8s/rules.yaml', ['--rules', 'k8s/rules.yaml']],
  ['a file of an input directory', 'k8s/README.md', ['k8s']],
])('an input is never replaced, with --force either: %s', async ([, file, flags]) => {
  await inputsBeside()
  const before = await readFile(at(file))
  const { exitCode, stdout, stderr } = await audit(...flags, '--junit', file, '--force')
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toContain(`${file}: is an input of this run, or lies in one`)
  expect(await readFile(at(file))).toEqual(before)
})

test.for<[what: string, file: string, said: string]>([
  ['a link', 'link', 'link: is a link, a device or a pipe'],
  ['a link to one of our reports', 'link-to-report', 'link-to-report: is a link, a device or a pipe'],
  ['a directory', 'k8s', 'k8s: is a directory'],
  ['a device', '/dev/null', '/dev/null: is a link, a device or a pipe'],
])('nothing takes the place of %s', async ([, file, said]) => {
  await audit('--html', 'report.html')
  await writeFile(at('secret'), 'secret')
  await symlink('secret', at('link'))
  await symlink('report.html', at('link-to-report'))
  const { exitCode, stderr } = await audit('--sarif', file, '--force')
  expect(exitCode).toBe(2)
  expect(stderr).toContain(said)
  expect(await read('secret')).toBe('secret')
})

test('each report has a file of its own', async () => {
  const { exitCode, stderr } = await audit('--html', 'a', '--junit', './a')
  expect(exitCode).toBe(2)
  expect(stderr).toContain('--html and --junit name the same file: ./a')
})

testWith([], { root: true })('a full disk leaves the earlier report, and says what the audit found', async () => {
  const disk = await smallDisk(64, at('disk'))
  await writeFile(join(disk, 'report.html'), '')
  await audit('--junit', 'disk/report.html')
  const before = await read('disk/report.html')
  await writeFile(join(disk, 'filler'), Buffer.alloc(48 * 1024))
  const { exitCode, stdout, stderr } = await audit('--html', 'disk/report.html')
  expect(exitCode).toBe(3)
  expect(stdout).toContain('3 safe, 1 at risk, 1 impossible')
  expect(stderr).toContain('disk/report.html')
  expect(await read('disk/report.html')).toBe(before)
  expect((await stat(disk)).isDirectory()).toBe(true)
})

test('--key takes only a bundle that it signed, --newer-than only an edition that is not older', async () => {
  await writeBundleOf(await demoContent(), at('demo.tar'))
  expect(await runCli(['keygen', '-o', at('mine')])).toMatchObject({ exitCode: 0 })
  const unsigned = await audit('--bundle', 'demo.tar', '--key', 'mine.pub')
  expect(unsigned).toMatchObject({ exitCode: 4, stdout: '' })
  expect(unsigned.stderr).toContain('demo.tar: not signed: there is no demo.tar.sig')
  const bundle = await openBundle(at('demo.tar'))
  await writeFile(at('demo.tar.sig'), `${signIndex(bundle.index, await readFile(at('mine.key'), 'utf8'))}\n`)
  await bundle.close()
  expect(await audit('--bundle', 'demo.tar', '--key', 'mine.pub')).toMatchObject({ exitCode: 0 })
  await writeFile(at('demo.tar.sig'), 'AAAA\n')
  expect(await audit('--bundle', 'demo.tar', '--key', 'mine.pub')).toMatchObject({ exitCode: 4, stdout: '' })
  expect(await audit('--key', 'mine.pub')).toMatchObject({ exitCode: 2, stdout: '' })
  const older = JSON.stringify({ version: 1, edition: { set: 'shop', number: 1 }, images: [] })
  const newer = JSON.stringify({ version: 1, edition: { set: 'shop', number: 2 }, images: [] })
  await writeFile(at('older.lock'), older)
  await writeFile(at('newer.lock'), newer)
  expect(await audit('--bundle', 'newer.lock', '--newer-than', 'older.lock')).toMatchObject({ exitCode: 0 })
  const replayed = await audit('--bundle', 'older.lock', '--newer-than', 'newer.lock')
  expect(replayed).toMatchObject({ exitCode: 4, stdout: '' })
  expect(replayed.stderr).toContain('it is number 1 of the set shop, older than number 2 that is held')
})
