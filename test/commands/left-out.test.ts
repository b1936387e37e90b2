import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { omissionsOf, renderOmissions } from '../../src/cli/output/omissions.ts'
import { finding } from '../../src/finding.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const LAYER = Buffer.from('layer')

/** A manifest of one image that is taken, one that is pulled Always, and one that is only possible. */
async function inputs() {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  const directory = await temporaryDirectory()
  const file = join(directory, 'app.yaml')
  await writeFile(
    file,
    `apiVersion: v1
kind: Pod
metadata: { name: app }
spec:
  containers:
    - { name: app, image: "${registry.host}/app:1" }
    - { name: again, image: "${registry.host}/app:1", imagePullPolicy: Always }
    - { name: moving, image: "${registry.host}/moving" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: notes }
data:
  example: quay.io/team/tool:2.1
`,
  )
  return { registry, directory, file, moving: `${registry.host}/moving:latest` }
}

test.for(['scan', 'lock', 'bundle'])('%s says what it leaves out, as its last words and in JSON', async (command) => {
  const { directory, file, moving } = await inputs()
  const output = (name: string) => [
    ...['--min-confidence', 'certain'],
    ...(command === 'scan' ? [] : ['-o', join(directory, name)]),
  ]
  const text = await runCli([command, file, ...output('a')])
  expect(text.exitCode).toBe(0)
  expect(text.stderr).toContain(`left out: 1 image pulled Always: ${moving}\n  try: Set imagePullPolicy`)
  const { stdout, stderr } = await runCli([command, file, ...output('b'), '--json'])
  expect(stderr).not.toContain('left out')
  const { omissions } = JSON.parse(stdout)
  expect(omissions[0]).toEqual({
    code: 'LEFT_OUT_ALWAYS',
    severity: 'warning',
    cause: 'image pulled Always',
    hint: expect.any(String),
    count: 1,
    entries: [{ subject: moving, message: expect.stringContaining('is left out'), file, line: 8, excusedBy: null }],
  })
})

test('what is less sure than asked for is left out aloud, unless it is taken elsewhere', async () => {
  const { file, registry } = await inputs()
  const { stdout } = await runCli(['scan', file, '--min-confidence', 'certain', '--json'])
  const unsure = JSON.parse(stdout).omissions.find(({ code }: { code: string }) => code === 'LEFT_OUT_AS_UNSURE')
  expect(unsure?.entries.map(({ subject }: { subject: string }) => subject)).toEqual(['quay.io/team/tool:2.1'])
  const policy = ['--policy', 'Always,IfNotPresent,Never']
  const taken = await runCli(['scan', file, '--min-confidence', 'possible', ...policy, '--json'])
  expect(JSON.parse(taken.stdout).omissions).toEqual([])
  expect(JSON.parse(taken.stdout).images).toContain(`${registry.host}/app:1`)
})

test.for([
  ['scan', 'IN'],
  ['patch', 'IN', '--policy', 'Never'],
  ['audit', 'IN', '--nodes', 'examples/audit/nodes.json'],
])('a document that cannot be read is an omission of %j', async (words) => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'bad.yaml'), 'a: {{ x }}: y\n  b\n')
  await writeFile(
    join(directory, 'pod.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "x/y:1"}]}\n',
  )
  const args = words.map((word) => (word === 'IN' ? directory : word))
  const { stderr } = await runCli(args)
  expect(stderr).toContain(`left out: 1 document that cannot be read: ${join(directory, 'bad.yaml')}:1\n`)
  const { omissions } = JSON.parse((await runCli([...args, '--json'])).stdout)
  expect(omissions).toMatchObject([{ code: 'DOCUMENT_UNREADABLE', count: 1, entries: [{ subject: null, line: 1 }] }])
})

test('omissions are grouped by cause, five named; other findings are none', () => {
  const many = Array.from({ length: 7 }, (_, index) =>
    finding('LEFT_OUT_ALWAYS', 'm', { subject: `r/i${index}:latest`, file: 'a.yaml', line: index + 1 }),
  )
  const omissions = omissionsOf([
    finding('TAG_MUTABLE', 'm'),
    ...many,
    finding('CLUSTER_UNREAD', 'no rights for nodes/proxy', { hint: 'h' }),
    finding('NOT_PATCHABLE', 'm', { file: 'b\u001b.yaml', line: 2, hint: 'by hand' }),
  ])
  expect(
    renderOmissions(omissions).replace(/ {2}try: Set.*/, '  try: …'),
  ).toBe(`left out: 7 images pulled Always: r/i0:latest, r/i1:latest, r/i2:latest, r/i3:latest, r/i4:latest and 2 more
  try: …
left out: 1 workload that cannot be patched: b\ufffd.yaml:2
  try: by hand
left out: 1 part of the cluster that could not be read: no rights for nodes/proxy
  try: h`)
})

test.for<[why: string, container: string, code: string]>([
  ['a placeholder', 'image: "${host}/x/${X}:1"', 'IMAGE_UNRESOLVED'],
  ['capitals', 'image: "${host}/Shop/api:2"', 'REFERENCE_INVALID'],
  ['a number', 'image: 12', 'IMAGE_NOT_TEXT'],
  ['nothing', 'command: [sh]', 'IMAGE_MISSING'],
  ['an empty text', 'image: ""', 'IMAGE_EMPTY'],
])('lock and bundle name the container that has %s for an image', async ([, container, code]) => {
  const { registry, directory, file } = await inputs()
  const image = container.replace('${host}', registry.host)
  await writeFile(
    file,
    `{apiVersion: v1, kind: Pod, metadata: {name: app}, spec: {containers: [{name: app, image: "${registry.host}/app:1"}, {name: c, ${image}}]}}`,
  )
  for (const command of ['lock', 'bundle']) {
    const { exitCode, stdout } = await runCli([command, file, '-o', join(directory, command), '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout).omissions.map((omission: { code: string }) => omission.code)).toEqual([code])
  }
})

test('an image whose policy is none is not taken by naming that policy', async () => {
  const input =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "a/b:1", imagePullPolicy: Sometimes}]}\n'
  const { stdout } = await runCli(['scan', '-', '--json'], { input })
  expect(JSON.parse(stdout).omissions).toMatchObject([
    { code: 'LEFT_OUT_BY_POLICY', hint: expect.stringMatching(/^Correct its imagePullPolicy, which is none of /) },
  ])
})
