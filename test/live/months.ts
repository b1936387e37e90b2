import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type LiveCluster, nodeseed, pod, runScript, seedInto } from './live-cluster.ts'
import { eventually, PATIENTLY } from './process-group.ts'
import { kustomization } from './resources.ts'
import { bring, SEEDING, SHOP, seedLabels, setLabel } from './seeding-pods.ts'

/** What the kubelet says of a pod whose image is not on the node, and what the runtime says where it would be pulled. */
const IMAGE_IS_MISSING = ['ErrImageNeverPull', 'Failed', 'BackOff']

/** Month after month, and back, while pods are started all the time. */
export async function checkMonths(live: LiveCluster): Promise<void> {
  const { report, nodes, shop, kubectl } = live
  // The template of a Job cannot be changed.
  await kubectl('delete', 'job', 'job', '--ignore-not-found', ...SHOP)
  await kubectl('apply', '-f', shop.manifests)
  const bundles = [shop.bundle, shop.next, shop.third]
  for (const bundle of bundles) for (const node of nodes) await bring(bundle, node)
  const probe = new Probe(live)
  const start = async (month: Month, ...parts: ((live: LiveCluster, month: Month) => Promise<void>)[]) => {
    const begun = Date.now()
    for (const part of parts) await part(live, month)
    console.log(`     ${month.name}: ${((Date.now() - begun) / 1000).toFixed(1)} s`)
    probe.image(`web:${month.number}`, await setLabel(month.output))
    await probe.count(2)
  }
  const may = await month(live, 1, { name: 'may', bundle: shop.bundle })
  await report.check('the first month', async () => {
    await roll(live, may)
    probe.image('web:1', await setLabel(may.output))
    await probe.start()
  })
  const june = await month(live, 2, { name: 'june', bundle: shop.next, after: may })
  await report.check('the second month, by the guard of both: pods of both start all the way', async () => {
    await seed(live, june)
    await guard(live, june)
    await probe.count(2)
    await start(june, workloads)
  })
  await report.check('back to the first month, by the same commands with its directory', () =>
    start(may, seed, workloads),
  )
  await report.check('and forward again', () => start(june, seed, workloads))
  const july = await month(live, 3, { name: 'july', bundle: shop.third, after: june })
  await report.check('the third month', () => start(july, seed, guard, workloads))
  await report.check('what is old goes at the end, and not what pods use', async () => {
    const label = await setLabel(july.output)
    await eventually(async () => {
      await nodeseed(live, 'label', july.output, '--prune')
      return (await seedLabels(live)).every((labels) => labels === label) || undefined
    })
    const pruning = await month(live, 3, { name: 'july', bundle: shop.third, args: ['--prune'] })
    await seed(live, pruning)
    await guard(live, pruning)
    await probe.count(2)
    for (const { ctr } of nodes) {
      const held = (await ctr('images', 'ls')).split('\n').filter((line) => /library\/web:[12] /.test(line))
      assert.ok(
        held.every((line) => !line.includes('nodeseed.dev/images=')),
        held.join('\n'),
      )
    }
    await assert.rejects(live.apply(pod('late', 'web:1')), /no node was seeded with/)
  })
  await report.check('of the pods that were started meanwhile, none failed', async () => {
    const { started, failures } = await probe.stop()
    console.log(
      `     ${started} pods were started, one after the other; the slowest was ready after ${probe.slowest} s`,
    )
    assert.deepEqual(failures, [])
  })
  await kubectl('delete', '-k', join(july.output, 'guard'))
}

async function month(
  live: LiveCluster,
  number: number,
  { name, bundle, after, args = [] }: { name: string; bundle: string; after?: Month; args?: string[] },
): Promise<Month> {
  const file = join(live.directory, `${name}.yaml`)
  await writeFile(file, (await readFile(live.shop.manifests, 'utf8')).replace('web:1', `web:${number}`))
  const more = ['--interval', '2s', '--guard', 'deny', ...(after ? ['--after', after.output] : []), ...args]
  return { name, number, file, output: await seedInto(live, name, { bundle, manifests: file, args: more }) }
}

interface Month {
  readonly name: string
  /** Of its web server. */
  readonly number: number
  readonly output: string
  readonly file: string
}

async function roll(live: LiveCluster, month: Month): Promise<void> {
  await seed(live, month)
  await workloads(live, month)
}

async function seed(live: LiveCluster, { output }: Month): Promise<void> {
  await live.kubectl('apply', '-k', join(output, 'seeding'), '--validate=strict')
  await live.kubectl('rollout', 'status', 'daemonset', PATIENTLY, ...SEEDING)
  const { exitCode, stderr } = await runScript(live, join(output, 'labels.sh'))
  assert.equal(exitCode, 0, stderr)
}

async function guard(live: LiveCluster, { output }: Month): Promise<void> {
  await live.kubectl('apply', '-k', join(output, 'guard'), '--validate=strict')
}

async function workloads(live: LiveCluster, { output, file }: Month): Promise<void> {
  await writeFile(join(live.directory, 'kustomization.yaml'), kustomization(basename(output), basename(file)))
  await live.kubectl('delete', 'job', 'job', '--ignore-not-found', ...SHOP)
  await live.kubectl('apply', '-k', live.directory)
  await live.kubectl('rollout', 'status', 'deployment', 'web', PATIENTLY, ...SHOP)
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
  #slowest = 0

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

  /** Seconds until a pod was ready. */
  get slowest(): string {
    return (this.#slowest / 1000).toFixed(1)
  }

  /** Resolves when so many more have been started. */
  async count(more: number): Promise<void> {
    const until = this.#started + more
    await eventually(async () => this.#started >= until || undefined)
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
      const begun = Date.now()
      try {
        await this.#live.apply(pod(name, this.#image, { nodeSelector: { [this.#label]: 'seeded' } }))
        await this.#live.kubectl('wait', 'pod', name, '--for=condition=Ready', PATIENTLY, ...SHOP)
        const { items } = await this.#live.get('events', '--field-selector', `involvedObject.name=${name}`, ...SHOP)
        // One that starts in the end was not to wait for its image.
        const missed = items.find(({ reason }: { reason: string }) => IMAGE_IS_MISSING.includes(reason))
        if (missed) this.#failures.push(`${what}: ${missed.message}`)
      } catch (error) {
        this.#failures.push(`${what}: ${(error as Error).message}`)
      }
      this.#started++
      this.#slowest = Math.max(this.#slowest, Date.now() - begun)
      await this.#live.kubectl('delete', 'pod', name, '--ignore-not-found', ...SHOP).catch(() => {})
    }
  }
}
