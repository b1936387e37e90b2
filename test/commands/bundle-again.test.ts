import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let registry: MemoryRegistry
let directory: string
const at = (name: string) => join(directory, name)
const [shared, arm] = [randomBytes(5_000), randomBytes(3_000)]

/** `app:1` for two processors with a signature, `other:1`, and a pod that pulls always. */
beforeEach(async () => {
  registry = await MemoryRegistry.start()
  directory = await temporaryDirectory()
  const platform = { os: 'linux', architecture: 'arm64' }
  const target = registry.addIndex('app', '1', [
    { ...registry.addImage('app', undefined, [shared]), platform: { os: 'linux', architecture: 'amd64' } },
    { ...registry.addImage('app', undefined, [shared, arm], { platform }), platform },
  ])
  registry.addImage('other', '1', [shared])
  const config = registry.addBlob('app', Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  const layers = [registry.addBlob('app', Buffer.from('signed'), 'text/plain')]
  const signature = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, subject: target }
  registry.addReferrers('app', target.digest, [registry.addManifest('app', undefined, signature, OCI_MANIFEST)])
  const container = (name: string, policy: string) =>
    `{ name: ${name}, image: "${registry.host}/${name}:1", imagePullPolicy: ${policy} }`
  const spec = `{ containers: [${container('app', 'Never')}, ${container('other', 'Always')}] }`
  await writeFile(at('pod.yaml'), `apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: ${spec}\n`)
  await writeFile(at('nodes.json'), JSON.stringify({ kind: 'List', items: [node('arm64')] }))
  await writeFile(at('held.txt'), `sha256:${'0'.repeat(64)}\n`)
  // An executable of 64 bits for amd64, as far as its head goes.
  const head = Buffer.alloc(64)
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  head.writeUInt16LE(62, 18)
  await writeFile(at('tool'), head)
  expect(await runCli(['bundle', '--image', `${registry.host}/other:1`, '-o', at('held.tar')])).toMatchObject({
    exitCode: 0,
  })
})

function node(architecture: string) {
  const nodeInfo = { operatingSystem: 'linux', architecture }
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: architecture }, status: { nodeInfo } }
}

const FLAGS: Readonly<Record<string, () => string[]>> = {
  none: () => [],
  '--platform': () => ['--platform', 'linux/arm64'],
  '--platform twice': () => ['--platform', 'linux/arm64', '--platform', 'linux/amd64'],
  '--platform as it is': () => ['--platform', 'linux/amd64'],
  '--nodes': () => ['--nodes', at('nodes.json')],
  '--set-name': () => ['--set-name', 'shop'],
  '--number': () => ['--number', '7'],
  '--since a bundle': () => ['--since', at('held.tar')],
  '--since what holds nothing of it': () => ['--since', at('held.txt')],
  '--image': () => ['--image', `${registry.host}/other:1`],
  '--referrers': () => ['--referrers'],
  '--attestations': () => ['--attestations'],
  '--policy': () => ['--policy', 'Never,Always'],
  '--tool': () => ['--tool', at('tool')],
  '--reuse': () => ['--reuse', at('held.tar')],
  '--split': () => ['--split', '64KiB'],
}

test.for(Object.keys(FLAGS))('a run again with %s says "up to date" only of what it would make', async (name) => {
  const bundle = (out: string, ...options: string[]) => runCli(['bundle', at('pod.yaml'), '-o', at(out), ...options])
  const options = FLAGS[name]!()
  const fresh = await bundle('fresh.tar', ...options)
  expect(fresh.exitCode, fresh.stderr).toBe(0)
  await bundle('out.tar')
  const again = await bundle('out.tar', ...options)
  const made = await readFile(at('fresh.tar')).catch(() => undefined)
  if (made?.equals(await readFile(at('out.tar')))) {
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is up to date') })
  } else {
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('out.tar: is there already') })
    expect((await bundle('out.tar', '--force', ...options)).stdout).not.toContain('is up to date')
    expect(await runCli(['verify', at('out.tar')])).toMatchObject({ exitCode: 0 })
    if (made) expect((await readFile(at('out.tar'))).equals(made)).toBe(true)
  }
})
