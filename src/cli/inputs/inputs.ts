import { createReadStream } from 'node:fs'
import { ExpectedError, readError } from '../../errors.ts'
import { type InputSource, inputSource } from './input-source.ts'
import { cutAtDocuments } from './input-text.ts'
import { nameOf } from './read-text.ts'
import { type HelmOptions, renderChart, renderKustomization, showChart } from './render.ts'

/** The text of one input, or a part of a large one, under the name that messages give it. */
export interface InputText {
  readonly file: string
  readonly text: string
  /** The line of the file at which the text begins, from 1. */
  readonly line: number
  /** What it holds: Kubernetes resources, a list of images, or the Chart.yaml of a chart. */
  readonly kind: 'resources' | 'list' | 'chart'
}

export interface ReadOptions extends HelmOptions {
  /** Takes what cannot be read below an input, so that the rest goes on; without it the first one is thrown. */
  readonly onUnreadable?: (file: string, error: ExpectedError) => void
}

/** Read at once; 1 MiB chunks are several times as fast as the 64 KiB that Node takes. */
const CHUNK_BYTES = 1024 * 1024

/**
 * The texts that `INPUT...` names: files as they are, directories with every .yaml, .yml and .json below them in name
 * order and then the charts below them, kustomizations and charts as the user's own tools render them, `-` for standard
 * input. Large ones come in parts that end between two documents, so memory stays flat.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; a missing input before any text.
 */
export async function* readInputs(inputs: readonly string[], options: ReadOptions = {}): AsyncGenerator<InputText> {
  const sources: InputSource[] = []
  for (const input of inputs) {
    sources.push(
      await inputSource(input).catch((error) => {
        throw readError(input, error)
      }),
    )
  }
  for (const source of sources) yield* readSource(source, options)
}

async function* readSource(source: InputSource, options: ReadOptions): AsyncGenerator<InputText> {
  switch (source.kind) {
    case 'stdin':
      yield* tolerated('-', readParts('-', 'resources'), options)
      return
    case 'file':
      yield* tolerated(source.path, readParts(source.path, 'resources'), options)
      return
    case 'list':
      yield* tolerated(source.path, readParts(source.path, 'list'), options)
      return
    case 'chart':
      yield* tolerated(source.path, readChart(source.path, options), options)
      return
    case 'kustomization':
      if (yield* tolerated(source.path, readKustomization(source.path), options)) return
  }
  // What cannot be rendered still has its files.
  yield* readFiles(source.files, options)
  for (const chart of source.charts) {
    const isRendered = yield* tolerated(chart.path, readChart(chart.path, options), options)
    if (!isRendered) yield* readFiles(chart.files, options)
  }
}

async function* readFiles(files: readonly string[], options: ReadOptions): AsyncGenerator<InputText> {
  for (const file of files) yield* tolerated(file, readParts(file, 'resources'), options)
}

/** Passes texts on until one cannot be read, which is told, and not thrown, where someone listens; whether all could. */
async function* tolerated(
  file: string,
  texts: AsyncGenerator<InputText>,
  { onUnreadable }: ReadOptions,
): AsyncGenerator<InputText, boolean> {
  while (true) {
    let next: IteratorResult<InputText>
    try {
      next = await texts.next()
    } catch (error) {
      const told = readError(nameOf(file), error)
      if (!onUnreadable || !(told instanceof ExpectedError)) throw told
      onUnreadable(nameOf(file), told)
      return false
    }
    if (next.done) return true
    yield next.value
  }
}

async function* readParts(file: string, kind: InputText['kind']): AsyncGenerator<InputText> {
  const name = nameOf(file)
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
  for await (const part of cutAtDocuments(stream, name)) yield { file: name, kind, ...part }
}

async function* readKustomization(directory: string): AsyncGenerator<InputText> {
  yield { file: directory, kind: 'resources', text: await renderKustomization(directory), line: 1 }
}

async function* readChart(chart: string, options: HelmOptions): AsyncGenerator<InputText> {
  yield { file: chart, kind: 'resources', text: await renderChart(chart, options), line: 1 }
  yield { file: chart, kind: 'chart', text: await showChart(chart), line: 1 }
}
