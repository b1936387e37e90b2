import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type FileExtent, type HashJob, type HashNote, hashThread } from './hash-thread.ts'

/** More threads than this read faster than disks do. */
const MOST = 8
/** Milliseconds after which a thread that has nothing to do ends: each holds some megabytes. */
const IDLE = 1000

/** Files are hashed in threads, beside whatever else goes on. */
export interface Hashing {
  /** In hex. @throws ThreadReadError, ThreadFailure */
  readonly done: Promise<string>
  /** Its result is not wanted any more: soon nobody reads the files. */
  stop(): void
}

/** What happened to a read: a system error, or, without one, the end of the file. */
export class ThreadReadError extends Error {
  readonly code: string | undefined
  /** Which of the extents, and where in its file. */
  readonly extent: number
  readonly at: number

  constructor({ code, extent, at, message }: Extract<HashNote, { kind: 'failed' }>) {
    super(message)
    this.code = code
    this.extent = extent
    this.at = at
  }
}

/** There is no thread to be had, or it has gone: nothing is known of the file. */
export class ThreadFailure extends Error {}

/** A thread makes little garbage, and needs no room to let it lie. */
const OPTIONS = { eval: true, execArgv: [], env: {}, resourceLimits: { maxYoungGenerationSizeMb: 2 } }

interface Waiting {
  readonly job: HashJob
  readonly onBytes: (count: number) => void
  readonly resolve: (hex: string) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  current: Waiting | undefined
  idle: NodeJS.Timeout | undefined
}

const threads = new Set<Thread>()
const queue: Waiting[] = []
let jobs = 0

/** Hashes extents as if they were one, as soon as a thread is free. `onBytes` hears of what was hashed, now and then. */
export function hashInThread(
  extents: readonly FileExtent[],
  algorithm: string,
  onBytes: (count: number) => void,
): Hashing {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const done = new Promise<string>((resolve, reject) => {
    queue.push({ job: { id: jobs++, algorithm, extents, stop }, onBytes, resolve, reject })
    assign()
  })
  return { done, stop: () => Atomics.store(stop, 0, 1) }
}

function assign(): void {
  const free = threads.values().find(({ current }) => !current) ?? startThread()
  if (threads.size === 0) fail(queue.splice(0))
  const next = free && queue.shift()
  if (!next) return
  clearTimeout(free.idle)
  free.current = next
  free.worker.ref()
  free.worker.postMessage(next.job)
}

/** Undefined while there are as many as there may be, or as the system gives. */
function startThread(): Thread | undefined {
  if (threads.size >= Math.min(availableParallelism(), MOST)) return undefined
  let worker: Worker
  try {
    worker = new Worker(`(${hashThread})()`, OPTIONS)
  } catch {
    return undefined
  }
  const thread: Thread = { worker, current: undefined, idle: undefined }
  threads.add(thread)
  worker.on('message', (note: HashNote) => hear(thread, note))
  worker.on('error', (error) => end(thread, error))
  worker.on('exit', () => end(thread, new Error('the thread ended')))
  return thread
}

function hear(thread: Thread, note: HashNote): void {
  const { current } = thread
  if (note.kind === 'progress') {
    current?.onBytes(note.bytes)
    return
  }
  thread.current = undefined
  if (note.kind === 'done') current?.resolve(note.hex)
  else current?.reject(new ThreadReadError(note))
  assign()
  if (thread.current) return
  thread.worker.unref()
  thread.idle = setTimeout(() => {
    threads.delete(thread)
    void thread.worker.terminate()
  }, IDLE).unref()
}

/** What the thread was at fails, and so does what waits where no thread is left to do it. */
function end(thread: Thread, cause: Error): void {
  if (!threads.delete(thread)) return
  clearTimeout(thread.idle)
  fail([thread.current, ...(threads.size === 0 ? queue.splice(0) : [])], cause)
}

function fail(jobs: readonly (Waiting | undefined)[], cause?: Error): void {
  for (const waiting of jobs) waiting?.reject(new ThreadFailure('no thread to hash in', { cause }))
}
