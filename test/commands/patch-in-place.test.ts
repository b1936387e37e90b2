import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const POD = `apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  containers:
    - name: a
      image: nginx:1
      imagePullPolicy: Always
`

async function manifests() {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  await mkdir(at('k8s'))
  await writeFile(at('k8s/a.yaml'), POD)
  await writeFile(at('k8s/b.yaml'), POD, { mode: 0o600 })
  return at
}

type Place = Awaited<ReturnType<typeof manifests>>

test.for<[what: string, prepare: (at: Place) => unknown, inputs: (at: Place) => string[], said: RegExp]>([
  [
    'standard input',
    () => {},
    (at) => [at('k8s'), '-'],
    /^error: standard input cannot be changed in place\n {2}try: /,
  ],
  [
    'a kustomization',
    (at) => writeFile(at('k8s/kustomization.yaml'), 'resources: [a.yaml]\n'),
    (at) => [at('k8s/a.yaml'), at('k8s')],
    /k8s: a kustomization cannot be changed in place\n {2}try: Name its files/,
  ],
  [
    'a chart below a directory',
    async (at) => {
      await mkdir(at('k8s/web/templates'), { recursive: true })
      await writeFile(at('k8s/web/Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 0.1.0\n')
      await cp(at('k8s/a.yaml'), at('k8s/web/templates/pod.yaml'))
    },
    (at) => [at('k8s')],
    /k8s\/web: a chart cannot be changed in place\n {2}try: Name its files/,
  ],
  [
    'a link to a file of another name',
    async (at) => {
      await writeFile(at('k8s/authorized_keys'), POD)
      await symlink('authorized_keys', at('k8s/c.yaml'))
    },
    (at) => [at('k8s')],
    /k8s\/c\.yaml: is a link, which is not followed to be changed\n {2}try: Name the file .*authorized_keys\n/,
  ],
])('%s is refused before anything is written', async ([, prepare, inputs, said]) => {
  const at = await manifests()
  await prepare(at)
  const { exitCode, stdout, stderr } = await runCli(['patch', ...inputs(at), '--policy', 'Never', '--in-place'], {
    input: POD,
  })
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(said)
  for (const name of ['k8s/a.yaml', 'k8s/b.yaml']) expect(await readFile(at(name), 'utf8')).toBe(POD)
})

test('bytes that are no UTF-8 are not written as others', async () => {
  const at = await manifests()
  const latin = Buffer.concat([Buffer.from('# gr\xfcn\n', 'latin1'), Buffer.from(POD)])
  await writeFile(at('k8s/c.yaml'), latin)
  const { exitCode, stderr } = await runCli(['patch', at('k8s'), '--policy', 'Never', '--in-place'])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/c\.yaml: is not UTF-8, .*: left as it is\n {2}try: Write it anew as UTF-8/)
  expect(await readFile(at('k8s/c.yaml'))).toEqual(latin)
  expect(await readFile(at('k8s/a.yaml'), 'utf8')).toBe(POD)
})

test('a file in the way of none: every target is changed, or none is', async () => {
  const at = await manifests()
  await mkdir(at('k8s/ro'))
  await writeFile(at('k8s/ro/c.yaml'), POD)
  await chmod(at('k8s/ro'), 0o555)
  const { exitCode, stderr } = await runCli(['patch', at('k8s'), '--policy', 'Never', '--in-place'])
  // Root may write everywhere.
  const isRoot = process.geteuid?.() === 0
  expect(exitCode).toBe(isRoot ? 0 : 3)
  if (!isRoot) expect(stderr).toMatch(/ro\/c\.yaml: cannot be written: .*EACCES/)
  expect((await readFile(at('k8s/a.yaml'), 'utf8')).includes('Never')).toBe(isRoot)
  await chmod(at('k8s/ro'), 0o755)
})

test('the next bundle replaces the label of the last, going back brings it back, and keys of others stay', async () => {
  const at = await manifests()
  const placement = async (month: string, digest: string): Promise<string> => {
    const nodeSelector = { [`images.nodeseed.dev/${digest}`]: 'seeded' }
    const workload = { apiVersion: 'v1', kind: 'Pod', name: 'a', nodeSelector }
    await mkdir(at(month))
    await writeFile(at(`${month}/placement.json`), JSON.stringify({ workloads: [workload] }))
    return at(month)
  }
  const [may, june] = [await placement('may', 'aaaaaaaaaaaaaaaa'), await placement('june', 'bbbbbbbbbbbbbbbb')]
  const own = 'spec:\n  nodeSelector:\n    disk: ssd # fast\n    tools.nodeseed.dev/cccccccccccccccc: seeded\n'
  const file = at('k8s/a.yaml')
  await writeFile(file, POD.replace('spec:\n', own))
  const patch = async (month: string): Promise<string> => {
    const args = ['patch', file, '--placement', month, '--in-place']
    expect(await runCli(args)).toMatchObject({ exitCode: 0, stdout: `${file}: 1 change\n`, stderr: '' })
    expect(await runCli(args)).toMatchObject({ exitCode: 0, stdout: `${file}: 0 changes\n` })
    return readFile(file, 'utf8')
  }
  const first = await patch(may)
  expect(first).toBe(
    POD.replace('spec:\n', own.replace('    disk', '    images.nodeseed.dev/aaaaaaaaaaaaaaaa: seeded\n    disk')),
  )
  expect(await patch(june)).toBe(first.replace('aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'))
  expect(await patch(may)).toBe(first)
})

test('a workload that the placement does not know is said, with exit 4, and can be allowed', async () => {
  const at = await manifests()
  await writeFile(at('placement.json'), JSON.stringify({ workloads: [] }))
  const args = ['patch', at('k8s/a.yaml'), '--placement', at('.')]
  expect(await runCli(args)).toMatchObject({
    exitCode: 4,
    stdout: POD,
    stderr: expect.stringContaining('Pod a: nodeSelector stays as it is: seed did not see it'),
  })
  expect(await runCli([...args, '--allow', 'NOT_IN_PLACEMENT'])).toMatchObject({ exitCode: 0 })
})
