import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import type { CriClient } from '../support/cri.ts'
import { tool, toolEnvironment } from '../support/debian.ts'
import { ecKeys, type KeyPair, pemOf } from '../support/der.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { addLegacy, legacySignature, type SignatureStore } from '../support/signature-maker.ts'
import { type LiveCluster, nodeseed, pod, seedInto } from './live-cluster.ts'
import type { LiveNode } from './live-node.ts'
import { CONTROL_PLANE } from './node-network.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { SHOP } from './seeding-pods.ts'

/** A registry without TLS on the address of the control plane; nodes with CRI-O take it as it is. */
export const REGISTRY = `${CONTROL_PLANE}:5900`
const WEB = `${REGISTRY}/signed/web`

/** What policy.json and registries.d, as seed writes them, make of pods on a node with CRI-O that pulls from a registry. */
export async function checkSignatures(live: LiveCluster, node: LiveNode, cri: CriClient, spec: object): Promise<void> {
  const { report, kubectl } = live
  const at = (name: string) => join(live.directory, name)
  const [mine, stranger] = [ecKeys(), ecKeys()]
  await startRegistry(live)
  await pushImages(live, { '1': mine, strange: stranger, unsigned: undefined })
  await writeFile(at('policy.yaml'), policyOf(mine))
  const verify = ['--verify', at('policy.yaml')]
  const image = ['--image', `${WEB}:1`, '--platform', thisPlatform(), '--plain-http', REGISTRY]
  const made = await nodeseed(live, 'bundle', ...image, ...verify, '-o', at('signed.tar'))
  assert.equal(made.exitCode, 0, made.stderr)
  const workload = pod('signed-1', `${WEB}:1`)
  await writeFile(at('signed.yaml'), JSON.stringify(workload))
  const args = [...verify, '--from-registry', `http://${REGISTRY}`]
  const output = await seedInto(live, 'signed', { bundle: at('signed.tar'), manifests: at('signed.yaml'), args })
  for (const name of ['policy.json', 'registries.d/nodeseed.yaml']) {
    const text = (await readFile(join(output, 'signatures', name))).toString('base64')
    await node.sh(`mkdir -p /etc/containers/registries.d && echo ${text} | base64 -d >/etc/containers/${name}`)
  }
  const start = (tag: string) => {
    const containers = [{ name: 'main', image: `${WEB}:${tag}`, imagePullPolicy: 'Always' }]
    return live.apply(pod(`signed-${tag}`, '', { ...spec, containers }))
  }
  await report.check('with the policy.json that seed writes CRI-O starts what is signed with the key', async () => {
    await start('1')
    await kubectl('wait', 'pod', 'signed-1', '--for=condition=Ready', PATIENTLY, ...SHOP)
  })
  for (const tag of ['unsigned', 'strange']) {
    await report.check(`and refuses another image of the same repository: ${tag}`, async () => {
      await start(tag)
      const reasons = await eventually(async () => {
        const { status } = await live.get('pod', `signed-${tag}`, ...SHOP)
        const { reason, message = '' } = status.containerStatuses?.[0]?.state.waiting ?? {}
        return reason === 'SignatureValidationFailed' || /signature|rejected/i.test(message) ? message : undefined
      })
      console.log(`     ${reasons}`)
      assert.equal(await cri.imageStatus(`${WEB}:${tag}`), undefined)
    })
  }
  await kubectl('delete', 'pods', 'signed-1', 'signed-unsigned', 'signed-strange', ...SHOP)
}

async function startRegistry({ processes, directory }: LiveCluster): Promise<void> {
  const config = join(directory, 'signed-registry.json')
  const storage = { filesystem: { rootdirectory: join(directory, 'signed-registry') } }
  await writeFile(config, JSON.stringify({ version: '0.1', storage, http: { addr: REGISTRY } }))
  const env = { ...toolEnvironment(), OTEL_TRACES_EXPORTER: 'none' } as NodeJS.ProcessEnv
  processes.start('signed-registry', tool('docker-registry'), ['serve', config], env)
  await eventually(async () => (await fetch(`http://${REGISTRY}/v2/`)).ok || undefined)
}

/** Tags of one repository, each an image of its own with a signature beside it. */
async function pushImages(live: LiveCluster, tags: Record<string, KeyPair | undefined>): Promise<void> {
  const blobs: Blobs = new Map()
  const add = (content: Buffer, mediaType = 'application/octet-stream') => {
    const digest = digestOf(content)
    blobs.set(digest, content)
    return { mediaType, digest, size: content.length }
  }
  const store: SignatureStore = {
    addBlob: (_, content, mediaType) => add(content, mediaType),
    addManifest: (_, _tag, document, mediaType) => add(Buffer.from(JSON.stringify(document)), mediaType),
    addReferrers: () => {},
  }
  const busybox = await makeLayer(blobs, { 'bin/busybox': await readFile(tool('busybox')) })
  const images = await Promise.all(
    Object.entries(tags).map(async ([tag, keys]) => {
      const layers = [busybox, await makeLayer(blobs, { 'etc/tag': tag })]
      const made = makeImage(blobs, layers, { platform: thisPlatform(), command: ['/bin/busybox', 'sleep', '1000000'] })
      const image = lockImage(WEB, tag, made.manifest, [made])
      if (!keys) return image
      const { digest } = image.target
      const target = addLegacy(store, '', image.target, [legacySignature({ digest, name: WEB }, keys.privateKey)])
      const parts = JSON.parse(blobs.get(target.digest)?.toString() ?? '')
      const { mediaType, size } = target
      const attachment = {
        ...{ subject: digest, tag: `${digest.replace(':', '-')}.sig` },
        ...{ target: { mediaType, digest: target.digest, size }, blobs: [parts.config, ...parts.layers].map(plain) },
      }
      return { ...image, attachments: [attachment] }
    }),
  )
  const file = join(live.directory, 'signed-images.tar')
  await writeTestBundle(file, images, blobs)
  const pushed = await nodeseed(live, 'push', file, REGISTRY, '--plain-http', REGISTRY)
  assert.equal(pushed.exitCode, 0, pushed.stderr)
}

function plain({ mediaType, digest, size }: { mediaType: string; digest: `sha256:${string}`; size: number }) {
  return { mediaType, digest, size }
}

function policyOf({ publicKey }: KeyPair): string {
  return JSON.stringify({
    ...{ apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'signed' } },
    spec: { images: [{ glob: `${REGISTRY}/**` }], authorities: [{ name: 'release', key: { data: pemOf(publicKey) } }] },
  })
}
