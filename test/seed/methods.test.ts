import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { chooseMethod } from '../../src/seed/methods/method-choice.ts'
import { methodTable } from '../../src/seed/methods/method-table.ts'
import { LOAD_METHODS, METHODS, SEED_METHODS } from '../../src/seed/methods/methods.ts'
import { NODE_SCRIPT, runNodeScript } from '../support/node-script.ts'

const FILES = 'src/seed/node-script/methods'

test("README's table of methods is what they say of themselves", async () => {
  const readme = await readFile('README.md', 'utf8')
  expect(readme, 'npm run reference makes it anew').toContain(`<!-- methods -->\n${methodTable()}<!-- /methods -->`)
})

test('a file of the node script is in the index of methods, and in the script', async () => {
  const script = await readFile(NODE_SCRIPT, 'utf8')
  const files = (await readdir(FILES)).map((file) => file.replace('.sh', ''))
  const indexed = METHODS.filter((method) => method.script).map(({ name }) => name as string)
  expect(files.filter((name) => !indexed.includes(name))).toEqual([])
  for (const name of indexed) {
    expect(script, name).toMatch(new RegExp(`^m_${name.replace('-', '_')}_(?:detect|containerd)\\(\\)`, 'm'))
  }
})

test('nothing of a method stands outside its own file but its name in the index', async () => {
  const shared = ['', 'bundle/', 'means/'].flatMap((folder) => `src/seed/node-script/${folder}`)
  const files = (await Promise.all(shared.map(async (at) => (await readdir(at)).map((file) => `${at}${file}`)))).flat()
  const branches = await Promise.all(
    files
      .filter((file) => file.endsWith('.sh'))
      .map(async (file) => {
        const arms = (await readFile(file, 'utf8')).matchAll(/^ *((?:[\w-]+ *\| *)*[\w-]+)\)/gm)
        return [...arms].flatMap(([, arm = '']) => arm.split(/ *\| */)).map((word) => `${file}: ${word}`)
      }),
  )
  const names = new Set(METHODS.map(({ name }) => name as string))
  // k3s and k0s are also the names of programs that hold ctr.
  const ofMethods = branches.flat().filter((branch) => names.has(branch.split(': ')[1] ?? ''))
  expect([...new Set(ofMethods.map((branch) => branch.replace(/.*\//, '')))]).toEqual(['ctr.sh: k3s', 'ctr.sh: k0s'])
})

const SPELLINGS = METHODS.flatMap(({ name, otherNames = [] }) =>
  [name, ...otherNames].flatMap((word) => [word, word.toUpperCase()].map((spelling) => [spelling, name] as const)),
)

test('each spelling of a method is the same one in seed and load', () => {
  for (const among of [SEED_METHODS, LOAD_METHODS]) {
    for (const [spelling, name] of SPELLINGS) {
      if (!among.some((method) => method.name === name)) continue
      expect(chooseMethod(spelling, among)).toBe(name)
    }
  }
})

test('and in the node script, where that has the method', async () => {
  const scripted = SPELLINGS.filter(([, name]) => METHODS.some((method) => method.name === name && method.script))
  const [asked] = /^method_meant\(\) \{[^}]*^\}$/m.exec(await readFile(NODE_SCRIPT, 'utf8')) ?? []
  const calls = scripted.map(([spelling]) => `method_meant ${spelling}; echo`).join('\n')
  const { stdout } = await promisify(execFile)('sh', ['-c', `${asked}\n${calls}`])
  // A method of the script's own comes before another's other name.
  const names = scripted.map(([spelling, name]) => (spelling.toLowerCase() === 'ctr' ? 'ctr' : name))
  expect(stdout.trimEnd().split('\n')).toEqual(names)
})

test('what is no method is refused by the node script in the spelling that was given', async () => {
  const { code, stderr } = await runNodeScript(['--method', 'Magic', NODE_SCRIPT])
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'seed.sh: no such method: Magic\n' })
})

test.for<[word: string, among: typeof METHODS, said: RegExp]>([
  ['magic', SEED_METHODS, /^no such method: "magic"$/],
  ['nerdctl', SEED_METHODS, /^the method nerdctl is not for this command$/],
  ['Talos', LOAD_METHODS, /^the method talos is not for this command$/],
])('%s is refused with those that there are', ([word, among, said]) => {
  expect(() => chooseMethod(word, among)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringMatching(said),
      hint: expect.stringContaining('k3s'),
    }),
  )
})
