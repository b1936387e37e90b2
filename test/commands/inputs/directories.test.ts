import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { testWith } from '../../support/debian.ts'
import { directoryWith } from '../../support/temporary.ts'

const pod = (name: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers: [{name: c, image: "${name}:1"}]\n`
const imageOf = (name: string) => `docker.io/library/${name}:1`

async function scan(inputs: string[]) {
  const { exitCode, stdout } = await runCli(['scan', '--json', ...inputs])
  return { exitCode, ...JSON.parse(stdout) }
}

async function linked(folder: string, links: Readonly<Record<string, string>>) {
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await symlink(target, join(folder, path))
  }
}

interface Layout {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly links: Readonly<Record<string, string>>
  /** Inputs besides `in`. */
  readonly also?: readonly string[]
  readonly images: readonly string[]
  /** What is left out, and why. */
  readonly told: Readonly<Record<string, string>>
}

const OUTSIDE = 'is a link to ROOT/out'

const LAYOUTS: readonly Layout[] = [
  {
    name: 'links within it are read once, and circles end',
    files: { 'in/a/one.yaml': pod('one'), 'in/b.txt': pod('two') },
    links: {
      'in/a/up': '..',
      'in/self': '.',
      'in/again': 'a',
      'in/a/same.yaml': 'one.yaml',
      'in/other.yaml': 'b.txt',
      'in/chain.yaml': 'other.yaml',
    },
    images: ['one', 'two'],
    told: {},
  },
  {
    name: 'links out of it are told, to files as to directories',
    files: { 'in/one.yaml': pod('one'), 'out/two.yaml': pod('two'), 'out/three.txt': pod('three') },
    links: { 'in/d/two.yaml': '../../out/two.yaml', 'in/three.json': '../out/three.txt', 'in/out': '../out' },
    images: ['one'],
    told: {
      'in/d/two.yaml': `${OUTSIDE}/two.yaml, outside of what is read`,
      'in/out': `${OUTSIDE}, outside of what is read`,
      'in/three.json': `${OUTSIDE}/three.txt, outside of what is read`,
    },
  },
  {
    name: 'links to what is read besides are none out of it',
    files: { 'in/one.yaml': pod('one'), 'out/two.yaml': pod('two') },
    links: { 'in/two.yaml': '../out/two.yaml', 'in/out': '../out' },
    also: ['out'],
    images: ['one', 'two'],
    told: {},
  },
  {
    name: 'links in a row out of it and back',
    files: { 'in/one.yaml': pod('one') },
    links: { 'in/back': '../out', out: 'in', 'in/x.yaml': '../out/one.yaml' },
    images: ['one'],
    told: {},
  },
  {
    name: 'links that lead nowhere, or to themselves',
    files: { 'in/one.yaml': pod('one') },
    links: { 'in/lost.yaml': 'nowhere', 'in/overlays': 'nowhere', 'in/notes.md': 'nowhere', 'in/me.json': 'me.json' },
    images: ['one'],
    told: {
      'in/lost.yaml': 'is a link that leads nowhere',
      'in/me.json': 'is a link that leads nowhere',
      'in/overlays': 'is a link that leads nowhere',
    },
  },
  {
    name: 'links to what is no file',
    files: { 'in/one.yaml': pod('one') },
    links: {
      'in/mem.yaml': '/proc/self/mem',
      'in/kmsg.yaml': '/dev/kmsg',
      'in/zero.yaml': '/dev/zero',
      'in/root.yaml': '/',
    },
    images: ['one'],
    told: {
      'in/kmsg.yaml': 'is a link to /dev/kmsg, outside of what is read',
      'in/mem.yaml': expect.stringMatching(/^is a link to \/proc\/\d+\/mem, outside of what is read$/) as never,
      'in/root.yaml': 'is a link to /, outside of what is read',
      'in/zero.yaml': 'is a link to /dev/zero, outside of what is read',
    },
  },
  {
    name: 'of what is ignored nothing else is told',
    files: { 'in/one.yaml': pod('one'), 'out/two.yaml': pod('two'), 'in/.nodeseedignore': 'out/\n*.lost.yaml\ngone\n' },
    links: { 'in/out': '../out', 'in/x.lost.yaml': 'nowhere', 'in/d/gone': 'nowhere' },
    images: ['one'],
    told: {},
  },
]

/** That a file is ignored is told of every one. */
const isUnexpected = ({ code }: { code: string }) => code !== 'FILE_IGNORED'

test.for(LAYOUTS)('links of a directory: $name', async ({ files, links, also = [], images, told }) => {
  const folder = await directoryWith(files)
  await linked(folder, links)
  const answer = await scan([join(folder, 'in'), ...also.map((path) => join(folder, path))])
  expect(answer.images.toSorted()).toEqual(images.map(imageOf).sort())
  expect(answer.uses).toHaveLength(images.length)
  const found = answer.findings
    .filter(isUnexpected)
    .map(({ file, message }: { file: string; message: string }) => [
      file.slice(folder.length + 1),
      message.slice(file.length + 2).replace(folder, 'ROOT'),
    ])
  expect(Object.fromEntries(found)).toEqual(told)
  expect(answer.exitCode).toBe(Object.keys(told).length > 0 ? 2 : 0)
})

test.for([
  '/proc/self/mem',
  '/proc/kmsg',
  '/proc/self/pagemap',
  '/sys/devices/system/cpu/online',
  '/proc/self/environ',
])('a file of the kernel is refused as an input and behind a link: %s', async (path) => {
  const folder = await directoryWith({ 'one.yaml': pod('one') })
  await linked(folder, { 'link.yaml': path })
  for (const input of [path, join(folder, 'link.yaml')]) {
    const { exitCode, findings } = await scan([input])
    expect(findings).toMatchObject([
      { code: 'FILE_UNREADABLE', message: `${input}: is a file of the kernel, not one of a disk` },
    ])
    expect(exitCode).toBe(2)
  }
  expect((await runCli(['scan', folder, '--rules', path])).exitCode).toBe(2)
})

test('directories that are passed over for their names are said in one line, unless nothing in them would be read', async () => {
  const folder = await directoryWith({
    'one.yaml': pod('one'),
    'node_modules/x/package.json': '{}',
    'web/node_modules/two.yaml': pod('two'),
    '.git/refs/heads/main': 'x',
    'sub/.git/three.yml': pod('three'),
    'docs/node_modules/README.md': 'x',
  })
  const names = ['node_modules', 'sub/.git', 'web/node_modules'].map((name) => join(folder, name))
  const { exitCode, images, omissions } = await scan([folder])
  expect(images).toEqual([imageOf('one')])
  expect(omissions).toMatchObject([
    { code: 'PASSED_OVER', severity: 'info', count: 3, entries: names.map((file) => ({ file })) },
  ])
  expect(exitCode).toBe(0)
  const { stderr } = await runCli(['scan', folder])
  expect(stderr.split('\n').filter((line) => line.includes('.git'))).toEqual([
    `left out: 3 directories passed over for their names: ${names.join(', ')}`,
  ])
  expect((await scan([folder, join(folder, 'web/node_modules')])).images).toEqual([imageOf('one'), imageOf('two')])
  const excused = await directoryWith({
    '.nodeseedignore': 'node_modules/\n/sub/.git\n',
    'one.yaml': pod('one'),
    'web/node_modules/two.yaml': pod('two'),
    'sub/.git/three.yml': pod('three'),
  })
  const ignored = ['sub/.git', 'web/node_modules'].map((name) => ({ file: join(excused, name) }))
  expect((await scan([excused])).omissions).toMatchObject([{ code: 'FILE_IGNORED', entries: ignored }])
})

testWith(['kubectl'])('what lies beside a kustomization that is named, and is not included, is told', async () => {
  const folder = await directoryWith({
    'kustomization.yaml': 'resources: [one.yaml, base]\npatches: [{path: patch.yaml}]\n',
    'one.yaml': pod('one'),
    'patch.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: one, labels: {a: b}}\n',
    'base/kustomization.yaml': 'resources: [two.yaml]\n',
    'base/two.yaml': pod('two'),
    'off.yaml': pod('three'),
    'other/kustomization.yaml': 'resources: []\n',
    'charts/x/Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0\n',
  })
  const { exitCode, images, omissions } = await scan([folder])
  expect(images).toEqual([imageOf('one'), imageOf('two')])
  const files = ['off.yaml', 'other', 'charts/x'].map((name) => ({ file: join(folder, name) }))
  expect(omissions).toMatchObject([{ code: 'NOT_INCLUDED', count: 3, entries: files }])
  expect(exitCode).toBe(0)
})
