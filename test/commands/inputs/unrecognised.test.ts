import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demoContent } from '../../../src/demo/images.ts'
import { writeBundleOf } from '../../server/bundle-of.ts'
import { runCli } from '../../support/cli.ts'
import { MemoryRegistry } from '../../support/memory-registry.ts'
import { directoryWith } from '../../support/temporary.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: "HOST/app:1"}]\n'
const LIST = '# ours\nHOST/app:1\n'

/** What a command is given as its last words, by what it is. `IN` stands for the directory of the files. */
interface Row {
  readonly name: string
  readonly files?: Readonly<Record<string, string | Buffer>>
  readonly words: readonly string[]
  readonly stdin?: string
  /** Of which input something must be said; none where all is well. */
  readonly said?: string
}

const ROWS: readonly Row[] = [
  { name: 'an empty file', files: { 'x.yaml': '' }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'white space', files: { 'x.yaml': ' \n\n' }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'only comments', files: { 'x.yaml': '# image: a:1\n' }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'only marks', files: { 'x.yaml': '---\n---\n...\n' }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'null', files: { 'x.json': 'null\n' }, words: ['IN/x.json'], said: 'x.json' },
  { name: 'an empty list of images', files: { 'x.txt': '# none\n' }, words: ['IN/x.txt'], said: 'x.txt' },
  { name: 'words in a .txt', files: { 'x.txt': 'Just some Words\n' }, words: ['IN/x.txt'], said: 'x.txt' },
  { name: 'a broken file', files: { 'x.yaml': 'a: [\n' }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'a broken pod', files: { 'x.yaml': `${POD}  a: [\n` }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'a broken file in a directory', files: { 'x.yaml': 'a: [\n' }, words: ['IN'], said: '' },
  {
    name: 'a broken file beside a good one that is named too',
    files: { 'x.yaml': 'a: [\n', 'good.yaml': POD },
    words: ['IN/good.yaml', 'IN/x.yaml'],
    said: 'x.yaml',
  },
  {
    name: 'a file that may name an image, broken beside a good one',
    files: { 'd/x.yaml': 'image: [\n', 'd/good.yaml': POD },
    words: ['IN/d'],
    said: 'd/x.yaml',
  },
  { name: 'an empty directory', files: { 'd/x/.keep': '' }, words: ['IN/d'], said: 'd' },
  { name: 'only a README', files: { 'd/README.md': '# image: a:1\n' }, words: ['IN/d'], said: 'd' },
  { name: 'only empty files', files: { 'd/a.yaml': '', 'd/b.json': '' }, words: ['IN/d'], said: 'd' },
  { name: 'settings', files: { 'x.yaml': 'a: 1\n' }, words: ['IN/x.yaml'], said: 'x.yaml' },
  {
    name: 'Chart.yaml',
    files: { 'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n' },
    words: ['IN/Chart.yaml'],
    said: 'Chart.yaml',
  },
  { name: 'a binary file', files: { 'x.yaml': Buffer.from([0x7f, 0x45, 0, 1]) }, words: ['IN/x.yaml'], said: 'x.yaml' },
  { name: 'nothing on standard input', words: ['-'], stdin: '', said: '<stdin>' },
  { name: 'a broken text on standard input', words: ['-'], stdin: 'a: [\n', said: '<stdin>' },
  { name: 'good: a pod', files: { 'x.yaml': POD }, words: ['IN/x.yaml'] },
  { name: 'good: named twice', files: { 'x.yaml': POD }, words: ['IN/x.yaml', 'IN/x.yaml', 'IN'] },
  { name: 'good: piped', words: ['-'], stdin: POD },
  { name: 'good: a list', files: { images: LIST }, words: ['IN/images'] },
  { name: 'good: a piped list', words: ['-'], stdin: LIST },
  {
    name: 'good: a broken file that could name none beside a good one',
    files: { 'd/x.yaml': 'a: [\n', 'd/good.yaml': POD },
    words: ['IN/d'],
  },
]

/** How a command takes inputs, and what of it says that it wrote nothing. */
const COMMANDS: readonly { readonly words: readonly string[]; readonly writes?: boolean }[] = [
  { words: ['scan'] },
  { words: ['lock', '-o', 'IN/out.lock'], writes: true },
  { words: ['bundle', '-o', 'IN/out.tar'], writes: true },
  { words: ['seed', 'IN/demo.tar', '--nodes', 'examples/seed/nodes.yaml', '-o', 'IN/seed-out'] },
  { words: ['patch', '--policy', 'Never'] },
  { words: ['patch', '--policy', 'Never', '-o', 'IN/patch-out'] },
  { words: ['audit', '--nodes', 'examples/audit/nodes.json', '--fail-on', 'never'] },
]

test.for(ROWS)('$name', async ({ files = {}, words, stdin = '', said }) => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(10)])
  const withHost = <T extends string | Buffer>(content: T) =>
    typeof content === 'string' ? (content.replaceAll('HOST', registry.host) as T) : content
  const named = Object.entries(files).map(([name, content]) => [name, withHost(content)] as const)
  const run = async (command: (typeof COMMANDS)[number]) => {
    const folder = await directoryWith(Object.fromEntries(named))
    const other = await directoryWith({})
    if (command.words[0] === 'seed') await writeBundleOf(await demoContent(), join(other, 'demo.tar'))
    const at = (directory: string) => (word: string) => word.replace(/^IN(?=\/|$)/, directory)
    const args = [...command.words.map(at(other)), ...words.map(at(folder)), '--json']
    const { exitCode, stdout, stderr } = await runCli(args, { input: withHost(stdin) })
    const what = `${args.join(' ')}: ${exitCode} ${stdout} ${stderr}`
    const name = said === '<stdin>' ? said : join(folder, said ?? '')
    return { command, exitCode, answer: stdout.startsWith('{') ? JSON.parse(stdout) : {}, what, args, name }
  }
  for (const { command, exitCode, answer, what, args, name } of await Promise.all(COMMANDS.map(run))) {
    if (said === undefined) {
      // A list has no workload: there is nothing to judge in it, and nothing to patch.
      const isList = stdin === LIST || 'images' in files
      if (command.words[0] === 'audit' && isList) continue
      const codes = (answer.omissions ?? []).map(({ code }: { code: string }) => code)
      expect(codes, what).not.toContain('INPUT_UNRECOGNISED')
      const mayBeNo = command.words[0] === 'seed' || (command.words[0] === 'patch' && isList)
      expect([0, mayBeNo ? 4 : 0], what).toContain(exitCode)
    } else {
      expect(exitCode, what).toBe(2)
      expect(JSON.stringify(answer.omissions ?? answer.error), what).toContain(name)
      if (command.writes) await expect(access(args[2] ?? '')).rejects.toThrow('ENOENT')
    }
  }
})
