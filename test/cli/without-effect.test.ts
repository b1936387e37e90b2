import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scanOptions } from '../../src/cli/flags/scan-flags.ts'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { withUnused } from '../../src/cli/inputs/usage.ts'
import { idleExcuses } from '../../src/cli/output/omissions.ts'
import { excuseOf } from '../../src/cli/project/excuse.ts'
import { finding } from '../../src/finding.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const POD = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "${image}"}]}\n`
const FLAGS = { filename: [], values: [], set: [], var: [], 'var-file': [], allow: [], strict: false }

interface Given {
  readonly files: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, unknown>>
}

/** What is said to have no effect, with the directory left out of it. */
async function vain({ files, flags = {} }: Given): Promise<string[]> {
  const root = await temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    if (name.includes('/')) await mkdir(join(root, name, '..'), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const at = (name: unknown) => join(root, String(name))
  const { rules, 'var-file': varFiles } = flags as { rules?: string; 'var-file'?: string[] }
  const options = await scanOptions({
    ...(FLAGS as unknown as Parameters<typeof scanOptions>[0]),
    ...flags,
    ...(rules !== undefined && { rules: at(rules) }),
    ...(varFiles && { 'var-file': varFiles.map(at) }),
  })
  const scan = withUnused(await scanInputs([join(root, 'in')], options), options)
  const told = scan.findings.filter(({ code }) => code === 'WITHOUT_EFFECT')
  return told.map(({ message }) => message.replaceAll(`${root}/`, ''))
}

const OPEN = { 'in/pod.yaml': POD('${REG}/web:1') }
const ENGINE = 'apiVersion: x.example/v1\nkind: Engine\nmetadata: {name: e}\nspec: {engine: {image: "r.example/e:1"}}\n'
const RULE = (kind: string, path: string) => `rules: [{kind: ${kind}, path: ${path}}]\n`
const CHART = {
  'in/pod.yaml': POD('r.example/a:1'),
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
}
const NO_CHART = 'no chart among the inputs is rendered with it'

test.for<[what: string, given: Given, says: string[]]>([
  ['a variable that is filled in', { files: OPEN, flags: { var: ['REG=r.example'] } }, []],
  [
    'a variable with another name',
    { files: OPEN, flags: { var: ['REGISTRY=r.example'] } },
    ['--var REGISTRY: no image of the inputs waits for it'],
  ],
  [
    'one of two',
    { files: OPEN, flags: { var: ['REG=r.example', 'TAG=1'] } },
    ['--var TAG: no image of the inputs waits for it'],
  ],
  [
    'a variable of a template in a ConfigMap',
    {
      files: {
        'in/c.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {side-image: "\${REG}/side:1"}\n`,
      },
      flags: { var: ['REG=r.example'] },
    },
    [],
  ],
  [
    'a variable of a script',
    { files: { 'in/a.sh': '#!/bin/sh\ncrictl pull $REG/a:1\n' }, flags: { var: ['REG=r.example'] } },
    [],
  ],
  ['an env file that is used', { files: { ...OPEN, env: 'REG=r.example\n' }, flags: { 'var-file': ['env'] } }, []],
  [
    'an env file with more',
    { files: { ...OPEN, env: 'REG=r.example\nA=1\nB=2\n' }, flags: { 'var-file': ['env'] } },
    [],
  ],
  [
    'an env file of others',
    { files: { ...OPEN, env: 'A=1\nB=2\n' }, flags: { 'var-file': ['env'], var: ['REG=r.example'] } },
    ['env: no image of the inputs waits for A, B'],
  ],
  [
    'a rule that meets its field',
    { files: { 'in/e.yaml': ENGINE, r: RULE('Engine', 'spec.engine.image') }, flags: { rules: 'r' } },
    [],
  ],
  [
    'a rule of another field',
    { files: { 'in/e.yaml': ENGINE, r: RULE('Engine', 'spec.motor.image') }, flags: { rules: 'r' } },
    ['--rules: nothing in the inputs has a field for the rule Engine spec.motor.image'],
  ],
  [
    'a rule of another kind',
    { files: { 'in/e.yaml': ENGINE, r: RULE('Motor', 'spec.engine.image') }, flags: { rules: 'r' } },
    ['--rules: nothing in the inputs has a field for the rule Motor spec.engine.image'],
  ],
  [
    'a rule that has a field left alone',
    {
      files: { 'in/e.yaml': ENGINE, r: 'rules: [{kind: Engine, path: spec.engine, ignore: true}]\n' },
      flags: { rules: 'r' },
    },
    [],
  ],
  [
    'a chart of nodeseed.yaml that is elsewhere',
    { files: { ...CHART, 'in/nodeseed.yaml': 'charts: {../charts/web: {release: web}}\n' } },
    ['in/nodeseed.yaml:1: the chart charts/web is not among the inputs'],
  ],
  [
    'values without a chart',
    { files: { 'in/pod.yaml': POD('r.example/a:1') }, flags: { set: ['a=b'], values: ['v.yaml'] } },
    [`--values: ${NO_CHART}`, `--set: ${NO_CHART}`],
  ],
])('what changes nothing is said: %s', async ([, given, says]) => {
  expect(await vain(given)).toEqual(says)
})

const LEFT = [finding('LEFT_OUT_ALWAYS', 'x', { subject: 'quay.io/team/a:1' })]

test.for<[text: string, by: string, says: string[]]>([
  ['LEFT_OUT_ALWAYS', '--allow LEFT_OUT_ALWAYS', []],
  ['LEFT_OUT_ALWAYS=quay.io/team/*', '--allow LEFT_OUT_ALWAYS=quay.io/team/*', []],
  [
    'LEFT_OUT_ALWAYS=quay.io/taem/*',
    '--allow LEFT_OUT_ALWAYS=quay.io/taem/*',
    ['--allow LEFT_OUT_ALWAYS=quay.io/taem/*: nothing is left out that it allows'],
  ],
  ['PASSED_OVER', '--allow PASSED_OVER', ['--allow PASSED_OVER: nothing is left out that it allows']],
  [
    'LEFT_OUT_ALWAYS=b/*',
    'nodeseed.yaml:3',
    ['nodeseed.yaml:3: LEFT_OUT_ALWAYS=b/*: nothing is left out that it allows'],
  ],
  // A project file speaks to other commands too.
  ['PLATFORM_LEFT_OUT', 'nodeseed.yaml:3', []],
])('%s that %s says', ([text, by, says]) => {
  expect(idleExcuses(LEFT, [excuseOf(text, by)]).map(({ message }) => message)).toEqual(says)
})
