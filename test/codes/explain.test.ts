import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { ImageReason } from '../../src/audit/verdict/image-rules.ts'
import { KUBERNETES_WORDS } from '../../src/codes/kubernetes-words.ts'
import { VERDICT_WORDS } from '../../src/codes/verdict-words.ts'
import type { Word } from '../../src/codes/word.ts'
import { allExplanations, explanationsOf } from '../../src/explanation.ts'
import type { Refuser } from '../../src/kubernetes/pods/refusal.ts'
import { runCli } from '../support/cli.ts'

const WORDS = Object.entries<Word>({ ...VERDICT_WORDS, ...KUBERNETES_WORDS })

// Every reason that a verdict can give has a row here, or this does not compile.
const REASONS: Record<Exclude<ImageReason, keyof typeof KUBERNETES_WORDS> | Refuser, Word> = VERDICT_WORDS

test.for(WORDS)('%s says what it means, where to look and what to do', ([, { title, help, look, action }]) => {
  expect(title).toMatch(/^[A-Z].{8,100}[^.]$/)
  for (const sentences of [help, look, action]) expect(sentences).toMatch(/^[A-Za-z].{8,}[.”"]$/s)
})

test('every word is found in any case, with - for _', () => {
  expect(Object.keys(REASONS).length).toBeGreaterThan(10)
  for (const { code } of allExplanations()) {
    for (const written of [code, code.toLowerCase(), code.toUpperCase(), code.replaceAll('_', '-')]) {
      expect(explanationsOf(written).map((one) => one.code)).toContain(code)
    }
  }
})

test.for([
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerError',
  'CreateContainerConfigError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])('explain %s, as kubectl prints it', async (word) => {
  const { exitCode, stdout } = await runCli(['explain', word.toLowerCase()])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    new RegExp(`^${word} \\(said by Kubernetes\\)\n  .*\\.\n\n  means: .*\n  look:  .*\n  do:    .*\n$`),
  )
})

test('a word that two tables have is explained twice; with --json as values', async () => {
  const { stdout } = await runCli(['explain', 'reference_invalid', '--json'])
  expect(JSON.parse(stdout).explanations).toMatchObject([
    { code: 'REFERENCE_INVALID', saidBy: 'finding', kind: 'omission', severity: 'error' },
    { code: 'REFERENCE_INVALID', saidBy: 'error', exitCode: 2 },
  ])
})

test('without a word all are listed; an unknown one gets the nearest', async () => {
  const { stdout } = await runCli(['explain'])
  expect(stdout.trimEnd().split('\n')).toHaveLength(allExplanations().length + 1)
  expect(await runCli(['explain', 'ImagePulBackof'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'error: nothing is known of "ImagePulBackof"\n  try: Did you mean: nodeseed explain ImagePullBackOff?\n  code: USAGE\n',
  })
})

test('docs/findings.md says what the tables say', async () => {
  const made = execFileSync(process.execPath, ['bin/findings-reference.js'], { encoding: 'utf8' })
  for (const { code } of allExplanations()) expect(made).toContain(`### ${code}\n`)
  expect(await readFile('docs/findings.md', 'utf8'), 'write it anew with: npm run reference').toBe(made)
})
