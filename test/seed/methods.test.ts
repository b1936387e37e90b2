import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { methodTable } from '../../src/seed/methods/method-table.ts'
import { METHODS } from '../../src/seed/methods/methods.ts'
import { NODE_SCRIPT } from '../support/node-script.ts'

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
  const shared = ['', 'means/'].flatMap((folder) => `src/seed/node-script/${folder}`)
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
  expect(ofMethods.map((branch) => branch.replace(/.*\//, ''))).toEqual(['ctr.sh: k3s', 'ctr.sh: k0s'])
})
