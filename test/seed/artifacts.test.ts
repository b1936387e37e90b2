import { join } from 'node:path'
import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { artifactFindings } from '../../src/seed/nodes/artifact-findings.ts'
import { seedableNodes } from '../../src/seed/nodes/seedable-node.ts'
import { placeImages } from '../../src/seed/placement/placement.ts'
import { lockedArtifact, makeArtifact } from '../support/artifact-maker.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { reach, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const [APP, MODEL] = ['registry.example/app', 'registry.example/model']

async function appAndModel(): Promise<{ images: LockedImage[]; blobs: Blobs }> {
  const blobs: Blobs = new Map()
  const app = makeImage(blobs, [await makeLayer(blobs, { 'etc/app': 'app' })], { platform: thisPlatform() })
  const model = makeArtifact(blobs, { artifactType: 'application/x-model' })
  const artifact = { ...lockImage(MODEL, '1', model, []), artifacts: [lockedArtifact(blobs, model)] }
  return { images: [lockImage(APP, '1', app.manifest, [app]), artifact], blobs }
}

const NODE = {
  metadata: { name: 'a', labels: {} },
  status: {
    nodeInfo: {
      ...{ architecture: thisPlatform().split('/')[1], operatingSystem: 'linux' },
      containerRuntimeVersion: 'cri-o://1.34.0',
    } as never,
    images: [{ names: ['registry.k8s.io/pause:3.10'] }],
  },
} satisfies Node

function workload(spec: string) {
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {${spec}}\n`
  return readAllDocuments(text, 'pod.yaml')
    .flatMap(resourcesOf)
    .flatMap((one) => workloadOf(one) ?? [])
}

test.for<[what: string, spec: string, problem: string | undefined]>([
  [
    'a volume',
    `containers: [{name: c, image: "${APP}:1"}], volumes: [{name: m, image: {reference: "${MODEL}:1"}}]`,
    undefined,
  ],
  ['a container', `containers: [{name: c, image: "${MODEL}:1"}]`, `no container can start from ${MODEL}:1`],
])('%s of an artifact: the artifact goes to no node', async ([, spec, problem]) => {
  const { images } = await appAndModel()
  const options = { mode: 'eligible', spread: 1, maxBytes: Number.POSITIVE_INFINITY } as const
  const placement = placeImages(images, workload(spec), seedableNodes([NODE]).seedable, options)
  expect(placement.sets.map((set) => set.images.map(({ reference }) => reference))).toEqual([[`${APP}:1`]])
  expect(placement.findings.map(({ message }) => message)).toEqual(problem ? [expect.stringContaining(problem)] : [])
  expect(artifactFindings({ version: 1, images })).toMatchObject([
    { code: 'ARTIFACT_NOT_SEEDED', message: expect.stringContaining(`${MODEL}:1`) },
  ])
})

testWith(['containerd', 'ctr', 'runc'], { root: true })(
  'containerd gets the images, and the script says so',
  async () => {
    const { images, blobs } = await appAndModel()
    const file = join(await temporaryDirectory(), 'both.tar')
    await writeTestBundle(file, images, blobs)
    const containerd = await startContainerd()
    const seeded = await runNodeScript([...reach(containerd), file])
    expect(seeded, seeded.stderr).toMatchObject({ code: 0 })
    expect(seeded.stderr).toContain('left to registries: 2 names of artifacts')
    expect(await containerd.cri.imageStatus(`${APP}:1`)).toBeDefined()
    expect(await containerd.cri.imageStatus(`${MODEL}:1`)).toBeUndefined()
  },
)

test('a bundle of artifacts alone says who hands them out', async () => {
  const { images, blobs } = await appAndModel()
  const file = join(await temporaryDirectory(), 'model.tar')
  const models = images.filter(({ artifacts }) => artifacts)
  await writeTestBundle(file, models, blobs)
  const args = ['--method', 'bake', '--root', await temporaryDirectory(), '--platform', 'linux/amd64', file]
  const { code, stderr } = await runNodeScript(args)
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'the bundle holds only artifacts (charts, models, files), which registries hand out',
    ),
  })
})
