import { Session } from 'node:inspector/promises'

/** Files whose steps count: ours, and the parsers that we hand texts to. */
const COUNTED = /\/src\/|\/node_modules\/(?:js-yaml|yaml)\//

/** Methods of texts that read all of them, by prototype; each costs the length of its text. */
const READERS = ['includes', 'split', 'replace', 'replaceAll', 'trim', 'toLowerCase'] as const

type Method = (this: unknown, ...args: unknown[]) => unknown

let session: Session | undefined

/**
 * How much work a function does, in steps and not in time: how often each block of the code ran, as V8 counts for
 * coverage, and the lengths of the texts that built-in methods and regular expressions were given.
 */
export async function countWork(work: () => unknown): Promise<number> {
  session ??= await startCounting()
  // What ran since the last count: taking it sets all counts to zero.
  await session.post('Profiler.takePreciseCoverage')
  const reads = countReads()
  try {
    await work()
  } finally {
    reads.stop()
  }
  const { result } = await session.post('Profiler.takePreciseCoverage')
  const steps = result
    .filter(({ url }) => COUNTED.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
  return steps.reduce((sum, count) => sum + count, 0) + reads.total() / READ_PER_STEP
}

/** Counting starts once: each start makes V8 forget what it compiled, and some counts with it. */
async function startCounting(): Promise<Session> {
  const started = new Session()
  started.connect()
  await started.post('Profiler.enable')
  await started.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return started
}

/** A built-in method reads about this many characters while our code takes a step. */
const READ_PER_STEP = 16

function countReads(): { total(): number; stop(): void } {
  let total = 0
  const restored: (() => void)[] = []
  const replace = (prototype: object, name: string, counted: (original: Method) => Method) => {
    const original = Reflect.get(prototype, name) as Method
    const define = (value: Method) =>
      Object.defineProperty(prototype, name, { value, configurable: true, writable: true })
    define(counted(original))
    restored.push(() => void define(original))
  }
  for (const name of READERS) {
    replace(String.prototype, name, (original) => {
      return function (this: unknown, ...args) {
        total += String(this).length
        return original.apply(this, args)
      }
    })
  }
  // A search from a place reads up to what it finds.
  replace(String.prototype, 'indexOf', (original) => {
    return function (this: unknown, ...args) {
      const found = original.apply(this, args) as number
      total += (found < 0 ? String(this).length : found) - Number(args[1] ?? 0)
      return found
    }
  })
  replace(String.prototype, 'lastIndexOf', (original) => {
    return function (this: unknown, ...args) {
      const found = original.apply(this, args) as number
      total += Math.min(Number(args[1] ?? Number.POSITIVE_INFINITY), String(this).length) - Math.max(found, 0)
      return found
    }
  })
  replace(RegExp.prototype, 'exec', (original) => {
    return function (this: unknown, ...args) {
      const regexp = this as RegExp
      const from = regexp.global || regexp.sticky ? regexp.lastIndex : 0
      const match = original.apply(this, args) as RegExpExecArray | null
      if (match && regexp.global) total += regexp.lastIndex - from
      else total += regexp.sticky ? 1 : String(args[0]).length - from
      return match
    }
  })
  return { total: () => total, stop: () => restored.forEach((restore) => void restore()) }
}
