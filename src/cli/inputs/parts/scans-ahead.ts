import type { DefinitionTrees } from '../../../discovery/defaults/definitions.ts'
import type { InputDocument } from '../../../discovery/input-document.ts'
import { type ManifestText, type PartOptions, type PartScan, scanPart } from './part-scan.ts'
import { PartThreads, type ThreadScan } from './part-threads.ts'

/** Documents in the order of the inputs; where they were scanned ahead, with what they gave. */
export interface ReadPart {
  readonly documents: Iterable<InputDocument>
  readonly ahead?: { readonly scan: PartScan; readonly known: DefinitionTrees } | undefined
}

interface Entry {
  readonly documents: Iterable<InputDocument>
  /** Of manifests that are worth a thread. */
  readonly part: ManifestText | undefined
  known: DefinitionTrees
  inThread: ThreadScan | undefined
  scan: PartScan | undefined
}

/** Characters of a part for which a way to a thread and back pays. */
const MIN_PART = 64 * 1024
/** Characters that wait before a thread is started: most inputs end before one would have begun. */
const PER_THREAD = 3 * 1024 * 1024
const MOST_AHEAD = 10 * 1024 * 1024
const MOST_ENTRIES = 1000

/**
 * Reads ahead, and has large parts scanned in threads while others are scanned here: whoever takes one of the parts
 * without a scan scans it, while the threads are at those behind it.
 */
export async function* scansAhead(
  parts: AsyncGenerator<Iterable<InputDocument>>,
  textOf: (documents: Iterable<InputDocument>) => ManifestText | undefined,
  { knownNow, ...options }: PartOptions & { readonly knownNow: () => DefinitionTrees },
): AsyncGenerator<ReadPart> {
  const threads = new PartThreads(options)
  const queue: Entry[] = []
  let waiting = 0
  let isOver = false
  try {
    while (true) {
      while (!isOver && waiting < MOST_AHEAD && queue.length < MOST_ENTRIES) {
        const next = await parts.next()
        if (next.done) {
          isOver = true
          break
        }
        const text = textOf(next.value)
        const part = text && text.text.length >= MIN_PART ? text : undefined
        waiting += part?.text.length ?? 0
        queue.push({ documents: next.value, part, known: NOTHING_KNOWN, inThread: undefined, scan: undefined })
      }
      const [head] = queue
      if (!head) return
      threads.start(Math.floor(waiting / PER_THREAD))
      if (threads.count > 0) {
        give(threads, queue, knownNow)
        await untilHeard()
      }
      while (head.inThread && !head.scan) await scanAnother(queue, head, options, knownNow)
      queue.shift()
      waiting -= head.part?.text.length ?? 0
      yield { documents: head.documents, ahead: head.scan && { scan: head.scan, known: head.known } }
    }
  } finally {
    threads.end()
    await parts.return(undefined) // closes the files of who stops before the end
  }
}

const NOTHING_KNOWN: DefinitionTrees = new Map()

/** The first of the queue is for this thread, the next are for the others. */
function give(threads: PartThreads, queue: readonly Entry[], knownNow: () => DefinitionTrees): void {
  for (const entry of queue.slice(1)) {
    if (!entry.part || entry.inThread || entry.scan) continue
    const known = knownNow()
    const inThread = threads.give(textAlone(entry.part), known)
    if (!inThread) return
    entry.known = known
    entry.inThread = inThread
    void inThread.then((scan) => {
      entry.scan = scan
      entry.inThread = undefined
    })
  }
}

function textAlone({ text, file, line }: ManifestText): ManifestText {
  return { text, file, line }
}

/** Something to do while a thread is at the first of the queue: the last that nobody has, or to wait. */
async function scanAnother(
  queue: readonly Entry[],
  head: Entry,
  options: PartOptions,
  knownNow: () => DefinitionTrees,
): Promise<void> {
  const other = queue.findLast(({ part, inThread, scan }) => part && !inThread && !scan)
  if (other?.part) {
    other.known = knownNow()
    other.scan = scanPart(other.part, options, other.known)
    await untilHeard()
  } else {
    await head.inThread
  }
}

/** Lets what threads have said be heard. */
function untilHeard(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
