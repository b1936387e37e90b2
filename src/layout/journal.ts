import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { readOwnText } from '../disk/own-text.ts'
import { createFiles } from '../disk/write-file.ts'
import { type Digest, isDigest } from '../oci/digest.ts'

/** How far a run that did not end had come. Only a hint: what it names is hashed again before it is trusted. */
export interface JournalRecord {
  /** What names the plan of that run. */
  readonly plan: string
  /** Bytes written of each blob, from its start. */
  readonly progress: ReadonlyMap<Digest, number>
  /** Every byte was there, and files were being given their names. */
  readonly publishing: Publishing | undefined
}

/** What a run was about to do when every byte was there. */
export interface Publishing {
  /** How many parts get their names; 0 where it is one file. */
  readonly parts: number
  /** The files of the bundle that had the name before. */
  readonly old: readonly string[]
}

/** Milliseconds between two notes to the disk. */
const INTERVAL = 100
const PUBLISHING = 'publishing '

const { O_WRONLY, O_APPEND, O_NOFOLLOW } = constants

/**
 * A journal beside a partial file, and the proof that this file is ours. It holds a file handle: end with `close` or
 * `remove`.
 */
export class Journal {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #progress: Map<Digest, number>
  readonly #unwritten = new Map<Digest, number>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(path: string, handle: FileHandle, progress: ReadonlyMap<Digest, number>) {
    this.#path = path
    this.#handle = handle
    this.#progress = new Map(progress)
  }

  /** Starts a new journal. @throws {ExpectedError} OUTPUT_EXISTS where something else is; DISK_FULL, DISK_ERROR */
  static async start(path: string, plan: string): Promise<Journal> {
    const hint = 'No run of nodeseed left it. Move it away, or write to another file.'
    await createFiles([{ file: path, content: `${JSON.stringify({ plan })}\n` }], { hint })
    return new Journal(path, await open(path, O_WRONLY | O_APPEND | O_NOFOLLOW), new Map())
  }

  /** Goes on with the one that was read. */
  static async goOn(path: string, { progress }: JournalRecord): Promise<Journal> {
    return new Journal(path, await open(path, O_WRONLY | O_APPEND | O_NOFOLLOW), progress)
  }

  /** Bytes of blobs that are in the file. */
  get arrived(): number {
    return [...this.#progress.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** How much of a blob is in the file, from its start. */
  known(digest: Digest): number {
    return this.#progress.get(digest) ?? 0
  }

  /** Notes that the first `bytes` of a blob are in the file. */
  note(digest: Digest, bytes: number): void {
    this.#progress.set(digest, bytes)
    this.#unwritten.set(digest, bytes)
    this.#timer ??= setTimeout(() => this.#flush(), INTERVAL)
  }

  /** Notes, before the first of several files gets or loses its name, that the others will follow. */
  async notePublishing(publishing: Publishing): Promise<void> {
    this.#flush()
    await this.#writing
    await this.#handle.write(`${PUBLISHING}${JSON.stringify(publishing)}\n`)
    await this.#handle.sync()
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
  const [head = '', ...lines] = ((await readOwnText(path)) ?? '').split('\n')
  const plan = parseHead(head)
  if (plan === undefined) return undefined
  const progress = new Map<Digest, number>()
  // The last line may be cut off, so only what ends with a line break counts.
  for (const line of lines.slice(0, -1)) {
    const [digest, bytes] = line.split(' ')
    if (isDigest(digest) && /^\d+$/.test(bytes ?? '')) progress.set(digest, Number(bytes))
  }
  const last = lines.slice(0, -1).findLast((line) => line.startsWith(PUBLISHING))
  return { plan, progress, publishing: last === undefined ? undefined : parsePublishing(last) }
}

function parseHead(line: string): string | undefined {
  const { plan } = parseObject(line)
  return typeof plan === 'string' ? plan : undefined
}

function parsePublishing(line: string): Publishing | undefined {
  const { parts, old } = parseObject(line.slice(PUBLISHING.length))
  if (!Number.isInteger(parts) || !Array.isArray(old)) return undefined
  return { parts: parts as number, old: old.filter((name) => typeof name === 'string') }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
