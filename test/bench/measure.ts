import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'

export interface Measurement {
  /** Wall time. */
  readonly seconds: number
  /** The most memory that the process itself had resident. */
  readonly rssMegabytes: number
  /** Processor time of the process itself, up to the last sample. */
  readonly processorSeconds: number
}

/** Runs a program to its end, sampling its memory. */
export async function measure(
  program: string,
  args: readonly string[],
  { env = process.env }: { env?: NodeJS.ProcessEnv } = {},
): Promise<Measurement> {
  const started = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  let peak = 0
  let processor = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid))
    processor = Math.max(processor, processorSeconds(child.pid))
  }, 25)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${Buffer.concat(said)}`)
  return { seconds: (performance.now() - started) / 1000, rssMegabytes: peak / 1024, processorSeconds: processor }
}

/** In kilobytes, as the kernel keeps it: what a sample misses in between is in it. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Processor time that a process has used so far, its own and the kernel's for it: what a busy machine changes least. */
export function processorSeconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    // Fields 14 and 15 of proc(5), in hundredths of a second.
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0 // it has ended
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export interface Contender {
  readonly name: string
  /** Brings everything back to where it was; not measured. */
  prepare(): Promise<void>
  run(): Promise<Measurement>
}

/** Runs contenders in turn, so that what else the machine does meets all of them, and prints medians and ratios. */
export async function compare(title: string, contenders: readonly Contender[], rounds: number): Promise<void> {
  const results = new Map(contenders.map(({ name }) => [name, [] as Measurement[]]))
  console.log(`${title}: medians of ${rounds}, load average ${loadavg()[0]?.toFixed(2)} at the start`)
  for (let round = 0; round < rounds; round++) {
    for (const { name, prepare, run } of contenders) {
      await prepare()
      const result = await run()
      results.get(name)!.push(result)
      console.error(`  round ${round + 1}: ${name} ${result.seconds.toFixed(2)} s`)
    }
  }
  const ours = median(results.get(contenders[0]!.name)!.map(({ seconds }) => seconds))
  for (const [name, runs] of results) {
    const seconds = median(runs.map((run) => run.seconds))
    const rss = Math.max(...runs.map((run) => run.rssMegabytes))
    const ratio = name === contenders[0]!.name ? '' : `   ours is ${(ours / seconds).toFixed(2)} of it`
    console.log(`  ${name.padEnd(44)} ${seconds.toFixed(2).padStart(7)} s  ${rss.toFixed(0).padStart(5)} MB${ratio}`)
  }
  console.log(`  load average at the end: ${loadavg()[0]?.toFixed(2)}`)
}
