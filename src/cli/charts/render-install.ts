import { mkdir, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { mergeValues } from '../../discovery/charts/values.ts'
import { valuesInText } from '../../discovery/charts/values-from.ts'
import type { InputDocument } from '../../discovery/input-document.ts'
import { ExpectedError } from '../../errors.ts'
import { readEveryDocument } from '../../kubernetes/documents/document.ts'
import type { PackedTree } from '../../layout/packed/packed-tree.ts'
import { renderChart } from '../inputs/render/helm.ts'
import { chartOrigins } from '../inputs/render/origins.ts'
import type { HowInstalled } from './how-installed.ts'

/** A chart that was fetched. */
export interface PackedChart {
  /** How people name it. */
  readonly shown: string
  readonly packed: Uint8Array
  readonly tree: PackedTree
}

/**
 * What a chart becomes as a resource installs it, by the user's own helm: the documents, each with the template that it
 * was made of, and the images that its Chart.yaml lists. Files are written into the directory.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE with what helm says; DISK_FULL, DISK_ERROR
 */
export async function renderInstall(
  { shown, packed, tree }: PackedChart,
  install: HowInstalled,
  { directory, allowRemote }: { directory: string; allowRemote: boolean },
): Promise<InputDocument[]> {
  const texts = await valuesTexts({ shown, tree }, install)
  const chart = install.replacesDefaults
    ? await chartWithValues(tree, texts, directory)
    : await packedChart(packed, directory)
  const own = JSON.stringify(install.values)
  const values = await valuesFiles([...(install.replacesDefaults ? [] : texts), own], directory)
  const { release, namespace, set, setString, kubeVersion, apiVersions } = install
  const options = { release, values, set, setString, namespace, kubeVersion, apiVersions, allowRemote }
  const { text } = await renderChart(chart, options).catch((error) => {
    throw named(error, chart, shown)
  })
  const find = chartOrigins(
    (template) => `${shown}/${template}`,
    (file) => textOf(tree, file.slice(shown.length + 1)),
  )
  const documents: InputDocument[] = []
  for (const document of readEveryDocument(text, shown)) {
    documents.push({ ...document, origin: await find(document) })
  }
  return [...documents, { form: 'chart', file: shown, text: await textOf(tree, 'Chart.yaml') }]
}

async function packedChart(packed: Uint8Array, directory: string): Promise<string> {
  const chart = join(directory, 'chart.tgz')
  await writeFile(chart, packed, { mode: 0o600 })
  return chart
}

/** The chart with other values for its own. */
async function chartWithValues(tree: PackedTree, texts: readonly string[], directory: string): Promise<string> {
  const root = join(directory, 'chart')
  await mkdir(root, { mode: 0o700 })
  await tree.unpackTo(root, () => false)
  const chart = join(root, (tree.names[0] ?? '').replace(/\/.*$/s, ''))
  const values = texts.map((text) => valuesInText(text, 'values').values).reduce(mergeValues, {})
  await writeFile(join(chart, 'values.yaml'), JSON.stringify(values))
  return chart
}

/** The files of values that the resource names: in the chart, or read before. */
async function valuesTexts(
  { shown, tree }: Pick<PackedChart, 'shown' | 'tree'>,
  { valuesFiles: named, ignoresMissing }: HowInstalled,
): Promise<string[]> {
  const texts: string[] = []
  for (const file of named) {
    const text = typeof file === 'string' ? await textOf(tree, posix.normalize(file)) : file.text
    if (text !== '') texts.push(text)
    else if (!ignoresMissing && typeof file === 'string') {
      throw new ExpectedError('INPUT_UNREADABLE', `${shown}: has no file ${file}, which is to be its values`)
    }
  }
  return texts
}

async function valuesFiles(texts: readonly string[], directory: string): Promise<string[]> {
  const files = texts.map((text, at) => ({ text, file: join(directory, `values-${at}.yaml`) }))
  for (const { file, text } of files) await writeFile(file, text, { mode: 0o600 })
  return files.map(({ file }) => file)
}

/** The text of a file of a chart, by its path in the chart; empty where there is none. Charts are packed in a directory. */
async function textOf(tree: PackedTree, path: string): Promise<string> {
  const name = tree.names.find((one) => one.slice(one.indexOf('/') + 1) === path)
  const bytes = name === undefined ? undefined : await tree.read(name)
  return bytes?.toString('utf8') ?? ''
}

/** An error in the words of who asked: files of ours are of no use to them, and gone. */
function named(error: unknown, chart: string, shown: string): unknown {
  if (!(error instanceof ExpectedError)) return error
  const message = error.message.replaceAll(chart, shown).replace(`${shown}: `, '')
  const hint = hintFor(message)
  return new ExpectedError(error.code, message.replace(/^is a Helm chart, and helm/, 'helm'), {
    hint: hint ?? error.hint?.replaceAll(chart, shown),
    cause: error,
  })
}

function hintFor(message: string): string | undefined {
  if (/helm is not here/.test(message)) return 'Install helm, and run the same command again.'
  if (/missing in charts\/ directory/.test(message)) {
    return 'Have it published with the charts that it depends on: helm dependency build, then helm package.'
  }
  if (!/^helm /.test(message)) return undefined
  return 'Render it with its values where they are, and scan the result too: helm template NAME CHART --values FILE | nodeseed scan -'
}
