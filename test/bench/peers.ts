// nodeseed beside every program found that carries images, each at its best settings, in turn: `npm run bench`.
// [--rounds 3] [--scale 1] [--only bundle,push,kill,delta] [--beside NAME=bin/run.js] [--directory DIR]
// Prints seconds and ratios, processor time, memory, the most on disk, what is in each result, how much comes over the
// wire again after a kill in the middle, how large a delta is. Asserts nothing. Needs docker-registry, curl and openssl;
// test/bench/peers/build-peers.sh makes crane, oras, imgpkg and hauler. What is not on PATH is left out, and said.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepareTools, tool, toolEnvironment } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { pushBenchImages, pushChanged } from './images.ts'
import { median } from './measure.ts'
import { describeResult } from './peers/check-result.ts'
import { type Job, ownPeer, PEERS, type Peer } from './peers/commands.ts'
import { type Cost, costOf } from './peers/cost.ts'
import { startCountingLink } from './peers/counting-link.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string', default: 'bundle,push,kill,delta' },
    beside: { type: 'string', multiple: true, default: [] },
    directory: { type: 'string', default: tmpdir() },
  },
})
const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const parts = values.only.split(',')
const rounds = Number(values.rounds)

await prepareTools()
const env = toolEnvironment() as NodeJS.ProcessEnv
const directory = await mkdtemp(join(values.directory, 'nodeseed-bench-'))
const out = join(directory, 'out')
const own = ownPeer('nodeseed', PROGRAM)
const besides = values.beside.map((text) =>
  ownPeer(text.slice(0, text.indexOf('=')), resolve(text.slice(text.indexOf('=') + 1))),
)
const found = PEERS.filter(({ name, program }) => find(program) || console.log(`not here, left out: ${name}`))
const peers = [own, ...besides, ...found]
try {
  await mkdir(join(directory, 'registry'))
  const registry = await startDockerRegistry(join(directory, 'registry'))
  try {
    const images = await pushBenchImages(registry.host, Number(values.scale))
    const sizes = new Map(images.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size])))
    const total = sizes.values().reduce((sum, size) => sum + size, 0)
    console.log(
      `${images.length} images, ${sizes.size} blobs, ${(total / 1e6).toFixed(0)} MB; ${rounds} rounds in turn`,
    )
    const job = (peer: Peer, host = registry.host): Job => ({
      host,
      images,
      out,
      program: find(peer.program) ?? peer.program,
    })
    const pull = (peer: Peer) => costOf(peer.pull(job(peer)), { env, directory: out })

    if (parts.includes('bundle')) {
      const results = new Map<string, string>()
      const again = new Map<string, string>()
      await inTurn('into one file', peers, async (peer, round) => {
        await empty()
        const cost = await pull(peer)
        if (round === rounds - 1) {
          results.set(peer.name, await describeResult(join(out, peer.result), images))
          const command = (peer.resume ?? peer.pull)(job(peer))
          const once = await costOf(command, { env, directory: out }).catch(() => undefined)
          again.set(
            peer.name,
            once ? `${once.seconds.toFixed(2)} s, processor ${once.processor.toFixed(2)} s` : 'fails',
          )
        }
        return cost
      })
      for (const [name, result] of results) console.log(`  ${name}: ${result}; once more: ${again.get(name)}`)
    }
    if (parts.includes('push')) {
      await inTurn(
        'into an empty registry',
        peers.filter(({ push }) => push),
        async (peer) => {
          await empty()
          await pull(peer)
          const storage = await mkdtemp(join(directory, 'target-'))
          const target = await startDockerRegistry(storage)
          try {
            return await costOf(peer.push!({ ...job(peer), to: target.host }), { env, directory: out })
          } finally {
            await target.stop()
            await rm(storage, { recursive: true })
          }
        },
      )
    }
    if (parts.includes('kill')) {
      console.log(`killed when half has come, then once more: fetched beyond the ${(total / 1e6).toFixed(0)} MB`)
      for (const peer of peers) {
        await empty()
        const link = await startCountingLink(registry.host)
        const isEnough = () => link.received > total / 2
        await costOf(peer.pull(job(peer, link.host)), { env, directory: out, isEnough })
        const second = await costOf((peer.resume ?? peer.pull)(job(peer, link.host)), { env, directory: out }).catch(
          () => undefined,
        )
        const beyond = `${((link.received - total) / 1e6).toFixed(0)} MB`
        console.log(`  ${peer.name.padEnd(40)} ${second ? beyond : 'fails'}`)
        link.stop()
      }
    }
    if (parts.includes('delta')) {
      await empty()
      await pull(own)
      const changed = await pushChanged(registry.host, images[0]!)
      const now = [changed, ...images.slice(1)].map(
        ({ repository, tag }) => `--image ${registry.host}/${repository}:${tag}`,
      )
      const command = `'${process.execPath}' '${PROGRAM}' bundle ${now.join(' ')} --since '${out}/out.tar' -o '${out}/delta.tar'`
      const { seconds } = await costOf(command, { env, directory: out })
      const [delta, whole] = [await stat(join(out, 'delta.tar')), await stat(join(out, 'out.tar'))]
      const layer = changed.blobs.at(-1)!.size / 1e6
      console.log(
        `a delta after a layer of ${layer.toFixed(1)} MB changed: ${(delta.size / 1e6).toFixed(1)} MB in ${seconds.toFixed(2)} s, of ${(whole.size / 1e6).toFixed(0)} MB`,
      )
    }
  } finally {
    await registry.stop()
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

async function empty(): Promise<void> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out)
}

/** Every peer once in each round, so that what else the machine does meets all of them; prints medians and ratios. */
async function inTurn(title: string, of: readonly Peer[], run: (peer: Peer, round: number) => Promise<Cost>) {
  const costs = new Map(of.map(({ name }) => [name, [] as Cost[]]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of of) costs.get(peer.name)!.push(await run(peer, round))
  }
  console.log(`${title} (load average ${loadavg()[0]?.toFixed(1)})`)
  const of1 = (list: readonly Cost[], part: keyof Cost) => median(list.map((cost) => cost[part]))
  const ours = of1(costs.get(own.name)!, 'seconds')
  for (const [name, list] of costs) {
    const [seconds, processor] = [of1(list, 'seconds'), of1(list, 'processor')]
    const [memory, disk] = [Math.max(...list.map((cost) => cost.memory)), Math.max(...list.map((cost) => cost.disk))]
    const row = [
      `${seconds.toFixed(2)} s`.padStart(9),
      `processor ${processor.toFixed(1)} s`.padStart(17),
      `${memory.toFixed(0)} MB`.padStart(7),
      `disk ${disk.toFixed(0)} MB`.padStart(13),
      name === own.name ? '' : `   nodeseed is ${(ours / seconds).toFixed(2)} of it`,
    ]
    console.log(`  ${name.padEnd(40)}${row.join('')}`)
  }
}

function find(program: string): string | undefined {
  if (program === 'skopeo') return tool('skopeo')
  const directories = (process.env.PATH ?? '').split(delimiter)
  return directories.map((place) => join(place, program)).find((path) => existsSync(path))
}
