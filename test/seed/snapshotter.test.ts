import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { reach, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { writeShop } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })

const OVERLAY = '[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "overlayfs"\n'

/** A configuration, what it imports, and the snapshotter of Kubernetes' part in it. */
const FORMS: [form: string, config: string, imports: Record<string, string>, snapshotter: string][] = [
  ['nothing', 'version = 2\n', {}, 'overlayfs'],
  ['version 1', '[plugins.cri.containerd]\nsnapshotter = "native"\n', {}, 'native'],
  ['version 2', '[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "native"\n', {}, 'native'],
  ['version 3', "version = 3\n[plugins.'io.containerd.cri.v1.images']\n  snapshotter = 'native'\n", {}, 'native'],
  ['a dotted key', '[ plugins."io.containerd.grpc.v1.cri" ]\ncontainerd.snapshotter="native" # fast\n', {}, 'native'],
  ['a comment', `# snapshotter = "native"\n${OVERLAY}# [plugins.cri.containerd]\n`, {}, 'overlayfs'],
  ['another table', `[plugins."x".containerd]\nsnapshotter = "native"\n${OVERLAY}`, {}, 'overlayfs'],
  [
    'a runtime',
    `${OVERLAY}[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.x]\nsnapshotter = "native"\n`,
    {},
    'overlayfs',
  ],
  [
    'drop-ins, of which the last counts',
    `imports = [\n  "conf.d/*.toml",\n]\n${OVERLAY}`,
    {
      'conf.d/10.toml': OVERLAY,
      'conf.d/20.toml': "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'native'\n",
    },
    'native',
  ],
  [
    'what a drop-in imports, which counts after all drop-ins, and each file once',
    `imports = ["conf.d/10.toml", "conf.d/20.toml"]\n${OVERLAY}`,
    {
      'conf.d/10.toml': `imports = ["30.conf", "../config.toml"]\n${OVERLAY}`,
      'conf.d/20.toml': OVERLAY,
      'conf.d/30.conf': "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'native'\n",
    },
    'native',
  ],
]

withContainerd('layers are unpacked for the snapshotter that the configuration of the CRI names', async () => {
  const { file } = await writeShop()
  const containerd = await startContainerd()
  for (const [index, [form, config, imports, snapshotter]] of FORMS.entries()) {
    const path = await written(config, imports)
    const place = [...reach(containerd), '--namespace', `form-${index}`, '--cri-config', path]
    const run = await runNodeScript([...place, file])
    expect(run, `${form}: ${run.stderr}`).toMatchObject({ code: 0, report: { result: 'seeded' } })
    expect(await unpackedFor(containerd, `form-${index}`), form).toEqual([snapshotter])
  }
})

withContainerd('a snapshotter that containerd does not have is said', async () => {
  const { file } = await writeShop()
  const config = await written(OVERLAY.replace('overlayfs', 'nydus'), {})
  const run = await runNodeScript([...reach(await startContainerd()), '--cri-config', config, file])
  expect(run).toMatchObject({
    code: 3,
    report: { message: "containerd's configuration names the snapshotter nydus, which this containerd does not have" },
  })
})

withContainerd('the configuration of the process that has the socket is found by itself', async () => {
  const { file } = await writeShop()
  const containerd = await startContainerd({ snapshotter: 'native' })
  expect(await runNodeScript([...reach(containerd), file])).toMatchObject({ code: 0, report: { result: 'seeded' } })
  expect(await unpackedFor(containerd, 'k8s.io')).toEqual(['native'])
})

async function written(config: string, imports: Record<string, string>): Promise<string> {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, 'conf.d'))
  const files = { 'config.toml': config, ...imports }
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  return join(directory, 'config.toml')
}

async function unpackedFor({ ctr }: Containerd, namespace: string): Promise<string[]> {
  const listed = await Promise.all(
    ['overlayfs', 'native'].map(async (name) => [
      name,
      await ctr('--namespace', namespace, 'snapshots', '--snapshotter', name, 'ls'),
    ]),
  )
  return listed.flatMap(([name = '', text = '']) => (text.includes('Committed') ? [name] : []))
}
