import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { omissionsOf, renderOmissions } from '../../../src/cli/output/omissions.ts'
import { demoContent } from '../../../src/demo/images.ts'
import { finding } from '../../../src/finding.ts'
import { writeBundleOf } from '../../server/bundle-of.ts'
import { runCli } from '../../support/cli.ts'
import { MemoryRegistry } from '../../support/memory-registry.ts'
import { directoryWith } from '../../support/temporary.ts'

/** A pod that is taken, and a directory that is passed over. */
async function inputs(pod: (host: string) => string = () => '') {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(10)])
  const folder = await directoryWith({
    'in/app.yaml': `apiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec: {containers: [{name: a, image: "${registry.host}/app:1"}]}\n`,
    'in/node_modules/x.yaml': 'a: 1\n',
    'in/more.yaml': pod(registry.host),
  })
  await writeBundleOf(await demoContent(), join(folder, 'demo.tar'))
  return { folder, at: (word: string) => word.replace(/^(IN|OUT|DEMO)$/, (name) => join(folder, FILES[name] ?? '')) }
}

const FILES: Readonly<Record<string, string>> = { IN: 'in', OUT: 'out', DEMO: 'demo.tar' }

/** Every command that says what it leaves out, and whether it writes. */
const COMMANDS: readonly (readonly [words: readonly string[], writes: boolean])[] = [
  [['scan', 'IN'], false],
  [['lock', 'IN', '-o', 'OUT', '--platform', 'linux/amd64'], true],
  [['bundle', 'IN', '-o', 'OUT', '--platform', 'linux/amd64'], true],
  [['seed', 'DEMO', '--nodes', 'examples/seed/nodes.yaml', '-o', 'OUT', 'IN'], true],
  [['patch', 'IN', '--policy', 'Never', '-o', 'OUT'], true],
  [['audit', 'IN', '--nodes', 'examples/audit/nodes.json', '--fail-on', 'never'], false],
]

test.for(COMMANDS)('--strict and --allow: %j', async ([words, writes]) => {
  const { folder, at } = await inputs()
  const run = async (...flags: string[]) => {
    const { exitCode, stdout, stderr } = await runCli([...words.map(at), ...flags, '--json'])
    const answer = JSON.parse(stdout)
    const entries = (answer.omissions ?? []).flatMap((one: { code: string; entries: { excusedBy: string | null }[] }) =>
      one.entries.map(({ excusedBy }) => [one.code, excusedBy]),
    )
    return { exitCode, stderr, error: answer.error?.code, entries }
  }
  const left = [['PASSED_OVER', null]]
  const refused = await run('--strict')
  expect(refused).toMatchObject({ exitCode: 4, error: writes ? 'LEFT_OUT' : undefined })
  expect(refused.entries).toEqual(expect.arrayContaining(left))
  if (writes) await expect(access(join(folder, 'out'))).rejects.toThrow('ENOENT')
  expect((await run('--strict', '--allow', 'PASSED_OVER=*/src')).exitCode).toBe(4)
  for (const by of ['PASSED_OVER', 'PASSED_OVER=node_modules']) {
    const codes = refused.entries.map(([code = '']: string[]) => code).filter((code: string) => code !== 'PASSED_OVER')
    const others = codes.flatMap((code: string) => ['--allow', code])
    const { exitCode, entries, error } = await run('--strict', '--allow', by, ...others, ...(writes ? ['--force'] : []))
    expect(error).toBeUndefined()
    // The nodes do not hold the image.
    expect([0, words[0] === 'seed' ? 4 : 0]).toContain(exitCode)
    expect(entries).toEqual(expect.arrayContaining([['PASSED_OVER', `--allow ${by}`]]))
  }
  // Without --strict nothing changes.
  const { entries } = await run(...(writes ? ['--force'] : []))
  expect(entries).toEqual(expect.arrayContaining(left))
})

test('what is allowed is still said, and what is not is named with what would allow it', async () => {
  const { at } = await inputs(
    (host) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: a, image: "${host}/a:latest"}, {name: b, image: "${host}/b:latest"}]}\n`,
  )
  const { exitCode, stderr } = await runCli(
    ['scan', 'IN', '--strict', '--allow', 'PASSED_OVER', '--allow', 'LEFT_OUT_ALWAYS=*/a:latest'].map(at),
  )
  expect(exitCode).toBe(4)
  expect(stderr).toMatch(/^left out: 1 image pulled Always: [\d.:]+\/b:latest$/m)
  expect(stderr).toMatch(/^left out, as allowed: 1 image pulled Always: [\d.:]+\/a:latest$/m)
  expect(stderr).toMatch(/^left out, as allowed: 1 directory passed over for its name: .*node_modules$/m)
  expect(stderr).toMatch(/--strict: .*\n {2}try: .*--allow LEFT_OUT_ALWAYS\n$/)
})

test.for(['scan', 'patch', 'seed', 'lock'])('what cannot be read stays an error of the input: %s', async (name) => {
  const { folder, at } = await inputs()
  await writeFile(join(folder, 'in/broken.yaml'), 'kind: Pod\n  a: [\n')
  const [words = []] = COMMANDS.find(([[command]]) => command === name) ?? []
  expect((await runCli([...words.map(at), '--strict'])).exitCode).toBe(2)
})

test.for([
  ['PASSD_OVER', /"PASSD_OVER" is no code of what can be left out\n {2}try: Did you mean PASSED_OVER\? There are: /],
  ['left_out_always', /Did you mean LEFT_OUT_ALWAYS\?/],
  ['TAG_MUTABLE', /"TAG_MUTABLE" is said of nothing that is left out/],
  ['', /"" is no code/],
  ['PASSED_OVER=', /PASSED_OVER=: no pattern behind the =/],
  ['constructor', /is no code/],
] as const)('--allow %j is refused', async ([text, said]) => {
  for (const words of [
    ['scan', '.'],
    ['lock', '.', '-o', 'x'],
  ]) {
    const { exitCode, stderr } = await runCli([...words, '--allow', text])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(said)
  }
})

test('an excuse covers a subject, a file, or what is said', () => {
  const findings = [
    finding('LEFT_OUT_ALWAYS', 'm', { subject: 'docker.io/library/a:latest', file: 'x.yaml' }),
    finding('PASSED_OVER', 'm', { file: 'web/node_modules' }),
  ]
  const excuses = [
    { code: 'PASSED_OVER', covers: (name: string) => name.startsWith('web/'), by: 'nodeseed.yaml:3' },
  ] as const
  const omissions = omissionsOf(findings, excuses)
  expect(omissions.map(({ entries }) => entries.map(({ excusedBy }) => excusedBy))).toEqual(
    expect.arrayContaining([[null], ['nodeseed.yaml:3']]),
  )
  expect(renderOmissions(omissions)).toMatch(/left out: 1 image .*\n {2}try: .*\nleft out, as allowed: 1 directory/)
})
