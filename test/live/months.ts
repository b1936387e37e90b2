import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type LiveCluster, nodeseed, pod, runScript, seedInto } from './live-cluster.ts'
import { eventually } from './process-group.ts'
import { kustomization } from './resources.ts'
import { bring, SEEDING, SHOP, seedLabels, setLabel } from './seeding-pods.ts'

/** Month after month, and back, while pods are started all the time. */
export async function checkMonths(live: LiveCluster): Promise<void> {
  const { report, nodes, shop, kubectl } = live
  // The template of a Job cannot be changed.
  await kubectl('delete', 'job', 'job', '--ignore-not-found', ...SHOP)
  await kubectl('apply', '-f', shop.manifests)
  for (const bundle of [shop.bundle, shop.next]) for (const node of nodes) await bring(bundle, node)
  const manifests = join(live.directory, 'next-month.yaml')
  await writeFile(manifests, (await readFile(shop.manifests, 'utf8')).replace('web:1', 'web:2'))
  const month = async (name: string, bundle: string, file: string, more: string[] = []) => ({
    ...{ name, file },
    output: await seedInto(live, name, { bundle, manifests: file, args: ['--interval', '2s', ...more] }),
  })
  const may = await month('may', shop.bundle, shop.manifests)
  const june = await month('june', shop.next, manifests)
  const probe = new Probe(live)
  await report.check('the first month', async () => {
    await roll(live, may)
    probe.image('web:1', await setLabel(may.output))
    await probe.start()
  })
  await report.check('the next month: pods of both start all the way', async () => {
    await seed(live, june)
    await probe.count(2)
    await workloads(live, june)
    probe.image('web:2', await setLabel(june.output))
    await probe.count(2)
  })
  await report.check('back to the last month, by the same commands with its directory', async () => {
    await roll(live, may)
    probe.image('web:1', await setLabel(may.output))
    await probe.count(2)
  })
  await report.check('and forward again, and what is old goes at the end', async () => {
    await roll(live, june)
    const label = await setLabel(june.output)
    probe.image('web:2', label)
    await probe.count(2)
    await eventually(async () => {
      await nodeseed(live, 'label', june.output, '--prune')
      return (await seedLabels(live)).every((labels) => labels === label) || undefined
    })
    const pruning = await month('june', shop.next, manifests, ['--prune'])
    await seed(live, pruning)
    await probe.count(2)
    for (const { ctr } of nodes) {
      const held = (await ctr('images', 'ls')).split('\n').filter((line) => /library\/web:1 /.test(line))
      assert.ok(
        held.every((line) => !line.includes('nodeseed.dev/images=')),
        held.join('\n'),
      )
    }
  })
  await report.check('of the pods that were started meanwhile, none failed', async () => {
    const { started, failures } = await probe.stop()
    console.log(`     ${started} pods were started`)
    assert.deepEqual(failures, [])
  })
}

interface Month {
  readonly output: string
  readonly file: string
}

async function roll(live: LiveCluster, month: Month): Promise<void> {
  await seed(live, month)
  await workloads(live, month)
}

async function seed(live: LiveCluster, { output }: Month): Promise<void> {
  await live.kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
  await live.kubectl('rollout', 'status', 'daemonset', '--timeout=120s', ...SEEDING)
  const { exitCode, stderr } = await runScript(live, join(output, 'labels.sh'))
  assert.equal(exitCode, 0, stderr)
}

async function workloads(live: LiveCluster, { output, file }: Month): Promise<void> {
  await writeFile(join(live.directory, 'kustomization.yaml'), kustomization(basename(output), basename(file)))
  await live.kubectl('delete', 'job', 'job', '--ignore-not-found', ...SHOP)
  await live.kubectl('apply', '-k', live.directory)
  await live.kubectl('rollout', 'status', 'deployment', 'web', '--timeout=60s', ...SHOP)
}

/** Starts one pod after the other, as workloads of the month do. */
class Probe {
  readonly #live: LiveCluster
  #image = ''
  #label = ''
  #started = 0
  #isEnding = false
  #running: Promise<void> = Promise.resolve()
  readonly #failures: string[] = []

  constructor(live: LiveCluster) {
    this.#live = live
  }

  image(image: string, label: string): void {
    this.#image = image
    this.#label = label
  }

  async start(): Promise<void> {
    this.#running = this.#run()
    await this.count(1)
  }

  /** Resolves when so many more have been started. */
  async count(more: number): Promise<void> {
    const until = this.#started + more
    await eventually(async () => this.#started >= until || undefined, { seconds: 120 })
  }

  async stop(): Promise<{ started: number; failures: readonly string[] }> {
    this.#isEnding = true
    await this.#running
    return { started: this.#started, failures: this.#failures }
  }

  async #run(): Promise<void> {
    for (let number = 0; !this.#isEnding; number++) {
      const name = `probe-${number}`
      const what = `${name} ${this.#image}`
      try {
        await this.#live.apply(pod(name, this.#image, { nodeSelector: { [this.#label]: 'seeded' } }))
        await this.#live.kubectl('wait', 'pod', name, '--for=condition=Ready', '--timeout=60s', ...SHOP)
      } catch (error) {
        this.#failures.push(`${what}: ${(error as Error).message}`)
      }
      this.#started++
      await this.#live.kubectl('delete', 'pod', name, '--ignore-not-found', ...SHOP).catch(() => {})
    }
  }
}
