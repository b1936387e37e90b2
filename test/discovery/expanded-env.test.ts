import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

interface Named {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: object
}

const env = (name: string, value: string): Named => ({ name, value })
const REG = env('REG', 'r.example')

function scanned(container: object, isCustom: boolean) {
  const spec = { containers: [{ name: 'c', image: 'b/b:1', ...container }] }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }
  const custom = { apiVersion: 'x.example/v1', kind: 'Engine', metadata: { name: 'p' }, spec: { engine: container } }
  const { uses, findings } = scanText(JSON.stringify(isCustom ? custom : pod))
  const sure = uses.filter(({ confidence }) => confidence !== 'possible').map(({ reference }) => reference)
  const open = findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED').map(({ message }) => message)
  return { images: sure.filter((reference) => reference !== 'b/b:1'), open }
}

test.for<[what: string, container: object]>([
  ['a variable', { env: [REG, env('WORKER', '$(REG)/team/app:1.2')] }],
  ['a variable of a variable', { env: [REG, env('BASE', '$(REG)/team'), env('WORKER', '$(BASE)/app:1.2')] }],
  ['a variable that says image', { env: [REG, env('WORKER_IMAGE', '$(REG)/team/app:1.2')] }],
  ['two variables', { env: [REG, env('V', '1.2'), env('WORKER', '$(REG)/team/app:$(V)')] }],
  ['a flag', { env: [REG], args: ['--worker=$(REG)/team/app:1.2'] }],
  ['a flag and its value', { env: [REG], args: ['--worker', '$(REG)/team/app:1.2'] }],
  ['an argument alone', { env: [REG], command: ['run', '$(REG)/team/app:1.2'] }],
  ['a whole image', { env: [env('APP', 'r.example/team/app:1.2')], args: ['--worker=$(APP)'] }],
  ['the last of one name', { env: [env('REG', 'old.example'), REG, env('WORKER', '$(REG)/team/app:1.2')] }],
  ['parts', { env: [REG, env('WORKER_IMAGE_REPO', '$(REG)/team/app'), env('WORKER_IMAGE_TAG', '1.2')] }],
  ['a text of several settings', { env: [REG], args: ['--config={"image": "$(REG)/team/app:1.2"}'] }],
])('%s is expanded from the variables of its container', ([, container]) => {
  for (const isCustom of [false, true]) {
    expect([...new Set(scanned(container, isCustom).images)]).toContain('r.example/team/app:1.2')
    expect(scanned(container, isCustom).open).toEqual([])
  }
})

test.for<[what: string, container: object]>([
  ['from elsewhere', { env: [{ name: 'REG', valueFrom: {} }, env('WORKER', '$(REG)/team/app:1.2')] }],
  [
    'hidden by one from elsewhere',
    { env: [REG, { name: 'REG', valueFrom: {} }, env('WORKER', '$(REG)/team/app:1.2')] },
  ],
  ['nowhere', { env: [env('WORKER', '$(REG)/team/app:1.2')] }],
  ['nowhere, for a flag', { args: ['--worker=$(REG)/team/app:1.2'] }],
  ['nowhere, inside', { env: [env('WORKER', 'r.example/$(TEAM)/app:1.2')] }],
])('a variable that comes %s leaves the image open', ([, container]) => {
  expect(scanned(container, false)).toMatchObject({ images: [], open: [expect.stringContaining('app:1.2')] })
})

test.for<[what: string, container: object]>([
  ['an address', { args: ['--listen=$(POD_IP):8080', '--peer=$(HOST)/db:5432'] }],
  ['a path', { env: [env('HOME_DIR', '$(BASE)/lib/app')] }],
  ['a web address', { env: [REG, env('URL', 'https://$(REG)/team/app:1.2')] }],
  ['an escape', { env: [REG, env('WORKER', '$$(REG)/team:x')] }],
])('%s with a variable is no image', ([, container]) => {
  expect(scanned(container, false)).toEqual({ images: [], open: [] })
})

test('variables that double one another end', () => {
  const doubling = Array.from({ length: 200 }, (_, at) => env(`A${at + 1}`, `$(A${at})$(A${at})`))
  expect(scanned({ env: [env('A0', 'a/'), ...doubling] }, false)).toEqual({ images: [], open: [] })
})
