import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { isImageList } from '../../discovery/classify/listed-lines.ts'
import type { InputDocument } from '../../discovery/input-document.ts'
import { isShellScript } from '../../discovery/loose/plain-text.ts'
import { ExpectedError, readError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { type AnyDocument, countLines } from '../../kubernetes/documents/document.ts'
import { chartSettingsOf, findProjects } from '../project/find-project.ts'
import type { TextPart } from '../texts/input-text.ts'
import { nameOf } from '../texts/read-text.ts'
import { readParts, StandardInput } from './contents/text-parts.ts'
import type { SourceRendering } from './deployed/chart-renderings.ts'
import { SourceRenderer } from './deployed/source-renderer.ts'
import {
  type Deployed,
  NOTHING_DEPLOYED,
  type SourceHere,
  surveyDeployments,
  withoutChanges,
} from './deployed/survey.ts'
import { asValues, valuesFilesOf } from './deployed/values-files.ts'
import { deployedSources } from './deployed-sources.ts'
import { idleFlags, idleSettings } from './idle-settings.ts'
import { ManifestPart } from './parts/manifest-part.ts'
import { type HelmOptions, showChart } from './render/helm.ts'
import type { RemoteAddress } from './render/kustomization.ts'
import { notIncluded } from './render/kustomization-tree.ts'
import { chartOrigins, type FindOrigin, kustomizationOrigins } from './render/origins.ts'
import { ignoredFinding, type Source, sourcesOf } from './source.ts'

export interface ReadOptions extends HelmOptions {
  /** Told how resources among the inputs deploy other parts of them; without it all is rendered as it stands. */
  readonly noteDeployed?: ((deployed: Deployed) => void) | undefined
  /** Whether manifests stay as their files are, whatever changes them where they are applied. */
  readonly keepsFiles?: boolean | undefined
  /** The project file, where it is not that of the directories that are read. */
  readonly config?: string | undefined
  /** Tells of flags in the project files of directories, which are not for this run. */
  readonly saysIdleFlags?: boolean | undefined
  /** Tells by its text whether a document is worth parsing. */
  readonly isNeeded?: ((source: string) => boolean) | undefined
}

/**
 * The documents that `INPUT...` names: of files as they are, of directories with every .yaml, .yml, .json and list of images
 * below them in name order and then the kustomizations and charts below them, of kustomizations and charts as the user's own tools
 * render them, of standard input for `-`. What cannot be read is a notice, and the rest goes on. Large texts are read in
 * parts that end between two documents, so memory stays flat. What is named twice is read once.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE for a missing input, before any document.
 */
export async function* readInputs(inputs: readonly string[], options: ReadOptions = {}): AsyncGenerator<InputDocument> {
  for await (const documents of readInputParts(inputs, options)) yield* documents
}

/** The same in parts: manifests as they are read, each of which is parsed when it is gone through. */
export async function* readInputParts(inputs: readonly string[], options: ReadOptions = {}): AsyncGenerator<Documents> {
  const sources: { input: string; found: readonly Source[] }[] = []
  const roots = await Promise.all(inputs.map((input) => realpath(input).catch(() => input)))
  for (const input of inputs) sources.push({ input, found: await sourcesOf(input, roots) })
  const projects = await findProjects(inputs, options.config)
  const charts = await chartSettingsOf(projects)
  const renderer = new SourceRenderer(options, charts)
  const under = async ({ paths }: Deployed) => {
    const each = await Promise.all(sources.map(({ input, found }) => deployedSources(found, paths, input)))
    return each.flat().filter((source) => source.kind !== 'stdin')
  }
  const render = (source: SourceHere, plan: Deployed) => renderer.texts(source, plan)
  const stdin = new StandardInput()
  // Alone it deploys nothing that is here.
  const held = inputs.includes('-') && inputs.length > 1 ? () => stdin.hold() : undefined
  const survey = { inputs, sources: under, render, held }
  const surveyed = options.noteDeployed ? await surveyDeployments(survey) : NOTHING_DEPLOYED
  const deployed = options.keepsFiles ? withoutChanges(surveyed) : surveyed
  options.noteDeployed?.(deployed)
  const laidOver = await valuesFilesOf(options, charts, deployed)
  const seen = new Set<string>()
  const rendered = new Set<string>()
  for (const { input, found } of sources) {
    const here = await deployedSources(found, deployed.paths, input)
    const parts = readSources(here, { ...options, renderer, deployed, laidOver, rendered, stdin }, seen)
    try {
      let part = await parts.next()
      for (; !part.done; part = await parts.next()) yield part.value
      yield [{ form: 'end', file: nameOf(input), isRepeated: part.value }]
    } finally {
      await parts.return(false) // closes the files of who stops before the end
    }
  }
  for (const told of deployed.findings) yield [noticeOf(told.file ?? '', told)]
  const idle = idleSettings(options, charts, rendered)
  if (options.saysIdleFlags && options.config === undefined) idle.push(...projects.flatMap(idleFlags))
  for (const told of idle) yield [noticeOf(told.file ?? '', told)]
}

/** What passes from generator to generator: with one document at a time, passing costs more than cutting the text. */
type Documents = Iterable<InputDocument>

interface Reading extends ReadOptions {
  readonly renderer: SourceRenderer
  readonly deployed: Deployed
  readonly stdin: StandardInput
  /** The real paths of files of values that charts are rendered with. */
  readonly laidOver: ReadonlySet<string>
  /** The real paths of charts that are rendered. */
  readonly rendered: Set<string>
}

/** Gives whether something was left out because it had been read before. */
async function* readSources(
  sources: readonly Source[],
  options: Reading,
  seen: Set<string>,
): AsyncGenerator<Documents, boolean> {
  let isRepeated = false
  for (const source of sources) {
    const name = source.kind === 'stdin' ? nameOf('-') : source.path
    const identity = `${'otherwise' in source} ${await realpath(name).catch(() => name)}`
    if (source.kind !== 'notice') {
      isRepeated ||= seen.has(identity)
      if (seen.has(identity)) continue
      seen.add(identity)
    }
    const isRead = yield* tolerated(name, documentsOf(source, options))
    // What cannot be rendered still has its files.
    if (!isRead && 'otherwise' in source) yield* readSources(source.otherwise, options, seen)
  }
  return isRepeated
}

async function* documentsOf(source: Source, options: Reading): AsyncGenerator<Documents> {
  switch (source.kind) {
    case 'stdin':
      yield* documentsOrList(options.stdin.parts(), nameOf('-'), options)
      return
    case 'text':
      yield* documentsOrList(readParts(source.path), source.path, options)
      return
    case 'manifests': {
      const isLaidOver = options.laidOver.size > 0 && options.laidOver.has(await realpath(source.path))
      for await (const part of readParts(source.path)) {
        const documents = new ManifestPart(part, source.path, options)
        yield isLaidOver ? asValues(documents) : documents
      }
      return
    }
    case 'list':
      for await (const part of readParts(source.path))
        yield [{ form: 'list', file: source.path, isFound: true, ...part }]
      return
    case 'script':
      for await (const part of readParts(source.path))
        yield [{ form: 'text', file: source.path, isFound: true, ...part }]
      return
    case 'kustomization': {
      let line = 1
      const find = kustomizationOrigins(source.path, source.otherwise)
      for (const rendering of await options.renderer.kustomization(source, options.deployed)) {
        line = yield* renderedDocuments(source.path, rendering, options, { line, find })
      }
      for (const file of await notIncluded(source.path, source.beside)) {
        yield [noticeOf(file, finding('NOT_INCLUDED', `${source.path} does not include it`, { file }))]
      }
      for (const file of await notIncluded(source.path, source.ignored)) yield [noticeOf(file, ignoredFinding(file))]
      return
    }
    case 'chart': {
      let line = 1
      options.rendered.add(await realpath(source.path))
      for (const rendering of await options.renderer.chart(source.path, options.deployed)) {
        const find = chartOrigins((template) => join(source.path, template))
        line = yield* renderedDocuments(source.path, rendering, options, { line, find })
      }
      yield [{ form: 'chart', file: source.path, text: await showChart(source.path) }]
      return
    }
    case 'notice':
      yield [noticeOf(source.path, source.finding)]
  }
}

/** Gives the line behind the last one, at which another rendering of the same begins. */
async function* renderedDocuments(
  path: string,
  rendering: SourceRendering,
  options: ReadOptions,
  { line, find }: { line: number; find: FindOrigin },
): AsyncGenerator<Documents, number> {
  const { text, asked } = await rendering.render()
  yield noticesOf(asked)
  for (const told of rendering.findings) yield [noticeOf(path, told)]
  yield* withOrigins(new ManifestPart({ text, line }, path, options), find)
  return line + countLines(text) + 1
}

async function* withOrigins(documents: Iterable<AnyDocument>, find: FindOrigin): AsyncGenerator<Documents> {
  for (const document of documents) yield [{ ...document, origin: await find(document) }]
}

/** A text that a user named may be manifests, a script or a list of images; its beginning tells, for all of it. */
async function* documentsOrList(
  parts: AsyncIterable<TextPart>,
  file: string,
  options: ReadOptions,
): AsyncGenerator<Documents> {
  let isList: boolean | undefined
  let isScript: boolean | undefined
  for await (const part of parts) {
    isScript ??= isShellScript(file, part.text)
    if (isScript) {
      yield [{ form: 'text', file, ...part }]
      continue
    }
    isList ??= isImageList(part.text) || (/\.txt$/i.test(file) && !/^(?:apiVersion|kind): |^\s*[[{]/m.test(part.text))
    if (isList) yield [{ form: 'list', file, ...part }]
    else yield new ManifestPart(part, file, options)
  }
}

function* noticesOf(asked: readonly RemoteAddress[]): Generator<InputDocument> {
  for (const { address, file, line } of asked) {
    yield noticeOf(file, finding('REMOTE_ASKED', `asked for ${address}`, { file, line }))
  }
}

function noticeOf(file: string, told: Finding): InputDocument {
  return { form: 'notice', file, finding: told }
}

/** Passes documents on until one cannot be read, which is a notice; whether all could. */
async function* tolerated(name: string, documents: AsyncGenerator<Documents>): AsyncGenerator<Documents, boolean> {
  while (true) {
    let next: IteratorResult<Documents>
    try {
      next = await documents.next()
    } catch (error) {
      const told = readError(name, error)
      // A failing disk is no matter of this one file.
      if (!(told instanceof ExpectedError) || told.code === 'DISK_ERROR') throw told
      yield [noticeOf(name, finding('FILE_UNREADABLE', told.message, { hint: told.hint, file: name }))]
      return false
    }
    if (next.done) return true
    yield next.value
  }
}
