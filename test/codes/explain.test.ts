import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { SetState } from '../../src/audit/facts/node-seeding.ts'
import { PRESENCE_WORDS } from '../../src/audit/named/named-words.ts'
import { VERDICT_WORDS as SAID_VERDICTS } from '../../src/audit/report/severity.ts'
import type { ImageReason } from '../../src/audit/verdict/image-rules.ts'
import { AUDIT_TABLE_WORDS } from '../../src/codes/words/audit-table-words.ts'
import { KUBERNETES_WORDS } from '../../src/codes/words/kubernetes-words.ts'
import { VERDICT_WORDS } from '../../src/codes/words/verdict-words.ts'
import type { Word } from '../../src/codes/words/word.ts'
import { allExplanations, explanationsOf } from '../../src/explanation.ts'
import type { Refuser } from '../../src/kubernetes/pods/refusal.ts'
import { runCli } from '../support/cli.ts'

const WORDS = Object.entries<Word>({ ...AUDIT_TABLE_WORDS, ...VERDICT_WORDS, ...KUBERNETES_WORDS })

// Every reason that a verdict can give has a row here, or this does not compile.
const REASONS: Record<Exclude<ImageReason, keyof typeof KUBERNETES_WORDS> | Refuser, Word> = VERDICT_WORDS

// So has every state of a seed set.
const STATES: Record<SetState, Word> = AUDIT_TABLE_WORDS

test.for([...Object.keys(STATES), ...Object.values(PRESENCE_WORDS), ...Object.values(SAID_VERDICTS)])(
  'explain knows %s, which a row of an audit begins with',
  (word) => {
    for (const said of [word, `${word}  4 of 4          -  DaemonSet edge/agent`]) {
      expect(explanationsOf(said), said).toMatchObject([{ code: word, saidBy: 'table' }])
    }
  },
)

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

test.for<[line: string, codes: string[]]>([
  ['Init:ImagePullBackOff', ['ImagePullBackOff']],
  ['init:errimagepull', ['ErrImagePull']],
  ['Init:ErrImageNeverPull', ['ErrImageNeverPull']],
  ['web-6c9d8c4f7d-2x9vq   0/2     Init:ErrImageNeverPull   0          5m12s', ['ErrImageNeverPull']],
  ['shop   web-0   0/1   CreateContainerConfigError   0   1m', ['CreateContainerConfigError']],
  ['Failed to pull image "shop/web:1.4": rpc error: code = Unavailable', ['ErrImagePull']],
  ['  Warning  Failed  3s (x2 over 17s)  kubelet  FAILED TO PULL IMAGE "x": connection refused', ['ErrImagePull']],
  ['Normal  BackOff  5m  kubelet  Back-off pulling image "x"', ['ImagePullBackOff']],
  ['Container image "x:1" is not present with pull policy of Never', ['ErrImageNeverPull']],
  ['image pull failed for x because the registry is unavailable: dial tcp', ['RegistryUnavailable']],
  ['image pull failed for x because the signature validation failed: policy', ['SignatureValidationFailed']],
  ['Failed to apply default image tag "X": couldn\'t parse image name "X"', ['InvalidImageName']],
  ['Failed to inspect image "x": rpc error', ['ImageInspectError']],
  ['Failed to create pod sandbox: failed to get sandbox image "pause:3.9"', ['FailedCreatePodSandBox']],
  ['Unable to retrieve some image pull secrets (regcred); attempting', ['FailedToRetrieveImagePullSecret']],
  ['Error: container has runAsNonRoot and image will run as root', ['CreateContainerConfigError']],
  ['Back-off restarting failed container web in pod web-0', ['CrashLoopBackOff']],
  ['exec /bin/web: exec format error', ['RunContainerError']],
  ["0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", ['NodeAffinity']],
  [
    '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {a: b}',
    ['TaintToleration', 'NodeResourcesFit'],
  ],
  ['atRisk', ['at risk']],
  ['notJudged', ['not judged']],
  ['the node is safe', []],
  ['warning: POLICY_ALWAYS web.yaml:3', ['POLICY_ALWAYS']],
])('%s', ([line, codes]) => {
  expect(explanationsOf(line).map(({ code }) => code)).toEqual(codes)
})

test('a line needs no quotes, and of one that says nothing the nearest word is named', async () => {
  const { stdout } = await runCli(['explain', 'Back-off', 'pulling', 'image', 'x'])
  expect(stdout).toContain('ImagePullBackOff (said by Kubernetes)')
  const { exitCode, stderr } = await runCli(['explain', 'web-0 0/1 Init:ImagePulBackOff 0 5m'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('explain ImagePullBackOff?') })
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
