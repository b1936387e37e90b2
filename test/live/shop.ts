import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readTools } from '../../src/cli/files/tool-file.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { tool } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { prepareNodeScript } from '../support/node-script.ts'
import { PAUSE } from './containerd-node.ts'

export interface Shop {
  /** The bundle with the images web:1 and team/job:2.0. */
  readonly bundle: string
  /** What comes after it: web:2, and the same job. */
  readonly next: string
  /** And then: web:3. */
  readonly third: string
  /** The bundle with the program in it. */
  readonly carrying: string
  /** The sandbox image, as an archive of its own. */
  readonly pause: string
  /** The workloads: a Deployment and a Job that never pull. */
  readonly manifests: string
}

/** What a cluster needs before it is seeded, and what it is seeded with. */
export async function writeShop(directory: string, program: string): Promise<Shop> {
  await prepareNodeScript()
  const [bundle, next, third] = ['shop.tar', 'shop-next.tar', 'shop-third.tar'].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  const [pause, manifests] = [join(directory, 'pause.tar'), join(directory, 'shop.yaml')]
  const blobs: Blobs = new Map()
  const busybox = await makeLayer(blobs, { 'bin/busybox': await readFile(tool('busybox')) })
  const part = async (name: string, command: string[]) =>
    makeImage(blobs, [busybox, await makeLayer(blobs, { [`etc/${name}`]: name })], {
      platform: thisPlatform(),
      command: ['/bin/busybox', ...command],
    })
  const image = async (repository: string, tag: string, command: string[]) => {
    const made = await part(repository, command)
    return lockImage(repository, tag, made.manifest, [made])
  }
  const [repository = '', tag = ''] = PAUSE.split(':')
  await writeTestBundle(pause, [await image(repository, tag, ['sleep', '1000000'])], blobs)
  const job = await image('registry.example:5000/team/job', '2.0', ['true'])
  const web = await image('docker.io/library/web', '1', ['sleep', '1000000'])
  await writeTestBundle(bundle, [web, job], blobs)
  const carrying = join(directory, 'carrying.tar')
  await writeTestBundle(carrying, [web, job], blobs, { files: await readTools([program]) })
  const later = (tag: string) => image('docker.io/library/web', tag, ['sleep', `${tag}000000`])
  await writeTestBundle(next, [await later('2'), job], blobs)
  await writeTestBundle(third, [await later('3'), job], blobs)
  await writeFile(manifests, MANIFESTS)
  return { bundle, next, third, carrying, pause, manifests }
}

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: web, image: 'web:1', imagePullPolicy: Never}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: job, namespace: shop}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: 'registry.example:5000/team/job:2.0', imagePullPolicy: Never}]
`
