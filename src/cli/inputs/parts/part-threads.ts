import { availableParallelism } from 'node:os'
import sea from 'node:sea'
import { Worker } from 'node:worker_threads'
import type { DefinitionTrees } from '../../../discovery/defaults/definitions.ts'
import type { ManifestText, PartOptions, PartScan } from './part-scan.ts'
import type { PartJob } from './part-thread.ts'

/** More threads than this give faster than one takes. */
const MOST = 3
/** So many parts a thread has at a time, so that it need not wait for the next. */
const PARTS_AHEAD = 2

/** What became of a part that a thread took: undefined where the thread has gone. */
export type ThreadScan = Promise<PartScan | undefined>

interface Thread {
  readonly worker: Worker
  readonly jobs: Map<number, (scan: PartScan | undefined) => void>
}

/** Threads that scan parts of inputs beside this one, which never depends on them: what they fail at is done here. */
export class PartThreads {
  readonly #options: PartOptions
  readonly #threads = new Set<Thread>()
  #most = Math.min(availableParallelism() - 1, MOST)
  #id = 0

  constructor(options: PartOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#threads.size
  }

  /** Starts threads until there are so many, or as many as there may be. */
  start(count: number): void {
    while (this.#threads.size < Math.min(count, this.#most)) {
      const thread = startThread(this.#options)
      if (!thread) {
        this.#most = 0
        return
      }
      this.#threads.add(thread)
      const end = () => this.#end(thread)
      thread.worker.once('error', end).once('exit', end)
    }
  }

  /** Gives a part to the thread that has least to do; undefined where all have enough. */
  give(part: ManifestText, known: DefinitionTrees): ThreadScan | undefined {
    const [thread] = [...this.#threads].sort((one, other) => one.jobs.size - other.jobs.size)
    if (!thread || thread.jobs.size >= PARTS_AHEAD) return undefined
    const id = this.#id++
    return new Promise((resolve) => {
      thread.jobs.set(id, resolve)
      thread.worker.postMessage({ id, part, known } satisfies PartJob)
    })
  }

  end(): void {
    for (const { worker } of this.#threads) void worker.terminate()
    this.#threads.clear()
    this.#most = 0
  }

  /** A thread that failed once, for want of memory or of its code, is not started again. */
  #end(thread: Thread): void {
    this.#threads.delete(thread)
    this.#most = 0
    for (const resolve of thread.jobs.values()) resolve(undefined)
  }
}

function startThread(options: PartOptions): Thread | undefined {
  try {
    const settings = { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 16 }, workerData: options }
    const worker = sea.isSea()
      ? new Worker(sea.getAsset('part-thread.cjs', 'utf8'), { ...settings, eval: true })
      : new Worker(codeOfThread(), settings)
    const jobs: Thread['jobs'] = new Map()
    worker.on('message', ({ id, scan }: { id: number; scan: PartScan }) => {
      jobs.get(id)?.(scan)
      jobs.delete(id)
    })
    return { worker, jobs }
  } catch {
    return undefined
  }
}

/** It lies beside this file, before and after the build; the single executable holds it. */
function codeOfThread(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './part-thread.ts' : './part-thread.cjs', import.meta.url)
}
