import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyBundle } from '../bundle/check/verify.ts'
import { readNodeScript } from '../cli/files/node-script.ts'
import { readNodesFile } from '../cli/files/nodes-file.ts'
import { PLACEMENT_FILE } from '../cli/files/placement-file.ts'
import { scanInputs } from '../cli/inputs/scan-inputs.ts'
import { imagesOf } from '../discovery/uses/used-images.ts'
import { writeOutputDirectory } from '../disk/output-directory.ts'
import { writeTextFile } from '../disk/write-file.ts'
import { renderYaml } from '../kubernetes/documents/render.ts'
import { platformOfNode } from '../kubernetes/objects/node.ts'
import { openBundle } from '../layout/bundle-file.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { countOf } from '../plural.ts'
import type { RegistryClient } from '../registry/client/registry-client.ts'
import { planSeeding, type SeedingPlan } from '../seed/plan.ts'
import { seededNodes, selectingWorkloads } from './after-seeding.ts'
import { auditStep } from './audit-step.ts'
import { lockAll, writeBundle } from './make-bundle.ts'
import type { Step } from './step.ts'

export interface WalkOptions {
  /** Manifests and nodes to begin with. */
  readonly manifests: string
  readonly nodes: string
  /** The directory for the results. */
  readonly directory: string
  /** Where a path is for now: what is in the directory lies elsewhere until the end. */
  readonly realPath: (path: string) => string
  readonly client: RegistryClient
}

const POLICIES = ['Never', 'IfNotPresent']

/** Goes the whole path, from manifests to pods that start, with the functions that the commands call; a step at a time. */
export async function* walk(options: WalkOptions): AsyncGenerator<Step> {
  const { manifests, nodes: nodesFile, directory, realPath, client } = options
  const inDirectory = (name: string) => join(directory, name)
  const { uses, workloads } = await scanInputs([realPath(manifests)], { keepWorkloads: true })
  const images = imagesOf(uses, POLICIES)
  yield {
    title: 'scan',
    command: `nodeseed scan ${manifests}`,
    said: [`${countOf(images.length, 'image')} in ${countOf(workloads.length, 'workload')}:`, ...images],
  }

  const nodes = await readNodesFile(realPath(nodesFile))
  yield auditStep('audit, before', `${manifests} --nodes ${nodesFile}`, { workloads, nodes })

  const platforms = nodes.map(platformOfNode).filter((platform) => platform !== undefined)
  const locked = await lockAll(images, platforms, client)
  const lockFile = inDirectory('shop.lock')
  await writeTextFile(realPath(lockFile), `${JSON.stringify(locked.lock, null, 2)}\n`)
  yield {
    title: 'lock',
    command: `nodeseed lock ${manifests} --nodes ${nodesFile} -o ${lockFile}`,
    said: locked.lock.images.map(({ reference, target }) => `${reference} is ${target.digest.slice(0, 19)}…`),
    output: lockFile,
  }

  const bundleFile = inDirectory('shop.tar')
  const { size, table } = await writeBundle(realPath(bundleFile), locked, client)
  yield {
    title: 'bundle',
    command: `nodeseed bundle ${lockFile} -o ${bundleFile}`,
    said: [`one file to carry across the gap: ${countOf(table.blobs.length, 'blob')}, each once, ${formatBytes(size)}`],
    output: bundleFile,
  }
  yield await verifyStep(bundleFile, realPath(bundleFile))

  const plan = planSeeding(locked.lock, nodes, workloads, {
    set: 'shop',
    labelDomain: 'nodeseed.dev',
    namespace: 'nodeseed',
    bundlePath: '/var/lib/nodeseed/shop.tar',
    sandboxImage: undefined,
    interval: 300,
    script: await readNodeScript(),
  })
  const seedDirectory = inDirectory('seed')
  await writeSeeding(realPath(seedDirectory), plan)
  yield {
    title: 'seed',
    command: `nodeseed seed ${bundleFile} ${manifests} --nodes ${nodesFile} --set-name shop -o ${seedDirectory}`,
    said: [
      ...plan.nodes.map(
        ({ node, images: count, bytes }) => `${node} gets ${countOf(count, 'image')}, ${formatBytes(bytes)}`,
      ),
      'node script, seeding DaemonSets, labels and the node selectors of the workloads are written',
    ],
    output: seedDirectory,
  }

  const seeded = { workloads: selectingWorkloads(workloads, plan), nodes: seededNodes(nodes, plan) }
  const after = { manifests: inDirectory('after/shop.yaml'), nodes: inDirectory('after/nodes.yaml') }
  const note = 'What kubectl shows once seeding is done, the labels are set and the node selectors applied.'
  const resources = seeded.workloads.map(({ resource }) => resource.value)
  await mkdir(realPath(inDirectory('after')))
  await writeTextFile(realPath(after.manifests), renderYaml(note, resources))
  await writeTextFile(
    realPath(after.nodes),
    renderYaml(note, [{ apiVersion: 'v1', kind: 'List', items: seeded.nodes }]),
  )
  yield auditStep('audit, after', `${after.manifests} --nodes ${after.nodes} --placement ${seedDirectory}`, {
    ...seeded,
    seedSets: plan.sets.map(({ digest, images }) => ({ digest, names: images })),
  })
}

async function verifyStep(file: string, realFile: string): Promise<Step> {
  const bundle = await openBundle(realFile)
  try {
    const problems = await verifyBundle(bundle)
    const verdict =
      problems.length === 0 ? ['every byte is what its digest says'] : problems.map(({ message }) => message)
    return { title: 'verify', command: `nodeseed verify ${file}`, said: verdict }
  } finally {
    await bundle.close()
  }
}

async function writeSeeding(directory: string, { files, ...answer }: SeedingPlan): Promise<void> {
  const placement = { path: PLACEMENT_FILE, content: `${JSON.stringify(answer, null, 2)}\n` }
  await writeOutputDirectory(directory, [...files, placement], { force: false })
}
