import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { type Digest, isDigest } from '../oci/digest.ts'

/** How far a run that did not end had come. Only a hint: what it names is hashed again before it is trusted. */
export interface JournalRecord {
  /** What names the plan of that run. */
  readonly plan: string
  /** The process that wrote it, on this machine. */
  readonly pid: number
  /** Bytes written of each blob, from its start. */
  readonly progress: ReadonlyMap<Digest, number>
}

/** Milliseconds between two notes to the disk. */
const INTERVAL = 100

/** A journal beside a partial file. It holds a file handle: end with `close` or `remove`. */
export class Journal {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #unwritten = new Map<Digest, number>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(path: string, handle: FileHandle) {
    this.#path = path
    this.#handle = handle
  }

  /** Starts a new journal, or goes on with the one that is there. */
  static async open(path: string, plan: string, { resume }: { resume: boolean }): Promise<Journal> {
    const handle = await open(path, resume ? 'a' : 'w')
    await handle.write(`${JSON.stringify({ plan, pid: process.pid })}\n`)
    return new Journal(path, handle)
  }

  /** Notes that the first `bytes` of a blob are in the file. */
  note(digest: Digest, bytes: number): void {
    this.#unwritten.set(digest, bytes)
    this.#timer ??= setTimeout(() => this.#flush(), INTERVAL)
  }

  async close(): Promise<void> {
    this.#flush()
    await this.#writing
    await this.#handle.close()
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.#path, { force: true })
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lines = [...this.#unwritten].map(([digest, bytes]) => `${digest} ${bytes}\n`).join('')
    this.#unwritten.clear()
    // A note that is lost, for lack of space or otherwise, costs a download and no correctness.
    if (lines) this.#writing = this.#writing.then(() => this.#handle.write(lines)).catch(() => {})
  }
}

/** What the journal of an earlier run says; undefined when there is none, or none that can be read. */
export async function readJournal(path: string): Promise<JournalRecord | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const progress = new Map<Digest, number>()
  let head: { plan: string; pid: number } | undefined
  // The last line may be cut off, so only what ends with a line break counts.
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('{')) head = parseHead(line) ?? head
    const [digest, bytes] = line.split(' ')
    if (isDigest(digest) && /^\d+$/.test(bytes ?? '')) progress.set(digest, Number(bytes))
  }
  return head && { ...head, progress }
}

function parseHead(line: string): { plan: string; pid: number } | undefined {
  try {
    const { plan, pid } = JSON.parse(line) as Record<string, unknown>
    return typeof plan === 'string' && typeof pid === 'number' ? { plan, pid } : undefined
  } catch {
    return undefined
  }
}
