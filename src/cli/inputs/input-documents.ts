import { createReadStream } from 'node:fs'
import type { InputDocument } from '../../discovery/scan.ts'
import { ExpectedError, readError } from '../../errors.ts'
import { readEveryDocument } from '../../kubernetes/documents/document.ts'
import { cutAtDocuments, type TextPart } from './input-text.ts'
import { nameOf } from './read-text.ts'
import { type HelmOptions, renderChart, renderKustomization, showChart } from './render.ts'
import { type Source, sourcesOf } from './source.ts'

export interface ReadOptions extends HelmOptions {
  /** Takes what cannot be read below an input, so that the rest goes on; without it the first one is thrown. */
  readonly onUnreadable?: (file: string, error: ExpectedError) => void
  /** Tells by its text whether a document is worth parsing. */
  readonly isNeeded?: ((source: string) => boolean) | undefined
}

/** Read at once; 1 MiB chunks are several times as fast as the 64 KiB that Node takes. */
const CHUNK_BYTES = 1024 * 1024

/**
 * The documents that `INPUT...` names: of files as they are, of directories with every .yaml, .yml and .json below them
 * in name order and then the charts below them, of kustomizations and charts as the user's own tools render them, of
 * standard input for `-`. Large texts are read in parts that end between two documents, so memory stays flat.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; a missing input before any document.
 */
export async function* readInputs(inputs: readonly string[], options: ReadOptions = {}): AsyncGenerator<InputDocument> {
  const sources: Source[] = []
  for (const input of inputs) sources.push(...(await sourcesOf(input)))
  yield* readSources(sources, options)
}

async function* readSources(sources: readonly Source[], options: ReadOptions): AsyncGenerator<InputDocument> {
  for (const source of sources) {
    const name = source.kind === 'stdin' ? nameOf('-') : source.path
    const isRead = yield* tolerated(name, documentsOf(source, options), options)
    // What cannot be rendered still has its files.
    if (!isRead && 'otherwise' in source) yield* readSources(source.otherwise, options)
  }
}

async function* documentsOf(source: Source, options: ReadOptions): AsyncGenerator<InputDocument> {
  switch (source.kind) {
    case 'stdin':
      for await (const part of cutAtDocuments(process.stdin, nameOf('-')))
        yield* documentsIn(part, nameOf('-'), options)
      return
    case 'manifests':
      for await (const part of readParts(source.path)) yield* documentsIn(part, source.path, options)
      return
    case 'list':
      for await (const part of readParts(source.path)) yield { form: 'list', file: source.path, ...part }
      return
    case 'kustomization':
      yield* documentsIn({ text: await renderKustomization(source.path), line: 1 }, source.path, options)
      return
    case 'chart':
      yield* documentsIn({ text: await renderChart(source.path, options), line: 1 }, source.path, options)
      yield { form: 'chart', file: source.path, text: await showChart(source.path) }
  }
}

function documentsIn({ text, line }: TextPart, file: string, { isNeeded }: ReadOptions): Iterable<InputDocument> {
  return readEveryDocument(text, file, line, isNeeded)
}

function readParts(file: string): AsyncIterable<TextPart> {
  return cutAtDocuments(createReadStream(file, { highWaterMark: CHUNK_BYTES }), file)
}

/** Passes documents on until one cannot be read, which is told, and not thrown, where someone listens; whether all could. */
async function* tolerated(
  name: string,
  documents: AsyncGenerator<InputDocument>,
  { onUnreadable }: ReadOptions,
): AsyncGenerator<InputDocument, boolean> {
  while (true) {
    let next: IteratorResult<InputDocument>
    try {
      next = await documents.next()
    } catch (error) {
      const told = readError(name, error)
      if (!onUnreadable || !(told instanceof ExpectedError)) throw told
      onUnreadable(name, told)
      return false
    }
    if (next.done) return true
    yield next.value
  }
}
