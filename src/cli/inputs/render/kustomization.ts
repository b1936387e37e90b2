import { realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Document, readDocuments } from '../../../kubernetes/documents/document.ts'
import { type Path, valueAt } from '../../../kubernetes/documents/path.ts'
import { isObject } from '../../../kubernetes/objects/resource.ts'
import { readText } from '../../texts/read-text.ts'
import { kindOf } from '../../texts/regular-file.ts'

export const KUSTOMIZATION_FILES: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** What a kustomization file names: files, directories, and addresses elsewhere. */
export interface Kustomization {
  /** The file itself. */
  readonly file: string
  readonly directory: string
  /** A part of others, which is never rendered by itself. */
  readonly isComponent: boolean
  readonly files: readonly string[]
  readonly directories: readonly string[]
  readonly remote: readonly RemoteAddress[]
  /** Charts that helm is to render for it. */
  readonly charts: readonly KustomizationChart[]
  /** Named things that are neither file nor directory, and what each is. */
  readonly special: readonly { readonly path: string; readonly kind: string }[]
}

export interface KustomizationChart {
  readonly name: string
  /** Where kustomize looks for it before it asks a repository. */
  readonly path: string
  readonly repository: string | undefined
  readonly version: string | undefined
  /** Whether helm is to have settings of its own, which may name programs. */
  readonly hasSettings: boolean
}

export interface RemoteAddress {
  readonly address: string
  readonly file: string
  readonly line: number
}

/** Lists of paths. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
const PATH_LISTS = [
  ...['resources', 'bases', 'components', 'crds', 'configurations', 'generators', 'transformers', 'validators'],
  'patchesStrategicMerge',
] as const

/** Lists of maps, and which of their fields name files; `KEY=PATH` gives a file another name. */
const PATH_FIELDS: Readonly<Record<string, readonly string[]>> = {
  patches: ['path'],
  patchesJson6902: ['path'],
  replacements: ['path'],
  configMapGenerator: ['files', 'envs', 'env'],
  secretGenerator: ['files', 'envs', 'env'],
  helmCharts: ['valuesFile', 'additionalValuesFiles'],
}

/**
 * What kustomize takes for an address rather than a path, whether or not such a path is there:
 * api/internal/git/repospec.go and api/internal/loader/fileloader.go of kustomize 5.
 */
const REMOTE = /^(?:git::)?(?:[a-z][a-z0-9+.-]*:\/\/|[\w.-]+@[\w.-]+[:/]|gh:|github\.com[:/])/i

/** Reads the kustomization of a directory; undefined where it has none, or one that is no map. */
export async function readKustomization(directory: string): Promise<Kustomization | undefined> {
  const file = await kustomizationFileIn(directory)
  if (file === undefined) return undefined
  const [document] = readDocuments(await readText(file), file)
  if (document?.form !== 'manifest' || !isObject(document.value)) return undefined
  const found = {
    files: [] as string[],
    directories: [] as string[],
    special: [] as Kustomization['special'][number][],
  }
  const remote: RemoteAddress[] = []
  for (const { text, path } of namedIn(document.value)) {
    if (REMOTE.test(text)) remote.push({ address: text, file, line: (document as Document).lineOf(path) })
    else await sort(resolve(directory, text), found)
  }
  const charts = chartsOf(document.value, directory)
  return { file, directory, isComponent: document.value.kind === 'Component', ...found, remote, charts }
}

/** Source: api/internal/builtins/HelmChartInflationGenerator.go of kustomize 5. */
function chartsOf(value: Readonly<Record<string, unknown>>, directory: string): KustomizationChart[] {
  const [globals = {}] = fieldsOf(value, 'helmGlobals', []).map((field) => field.value)
  const hasSettings = fieldsOf(globals, 'configHome', []).length > 0
  const text = (map: unknown, name: string) => {
    const [found] = fieldsOf(map, name, []).map((field) => field.value)
    return typeof found === 'string' && found !== '' ? found : undefined
  }
  const lists = fieldsOf(value, 'helmCharts', []).map((field) => field.value)
  const old = fieldsOf(value, 'helmChartInflationGenerator', []).length > 0
  return [
    ...lists.flat().map((chart): KustomizationChart => {
      const [name = '', version, repository] = ['name', 'version', 'repo'].map((field) => text(chart, field))
      const home = resolve(directory, text(globals, 'chartHome') ?? 'charts')
      const below = version !== undefined && repository !== undefined ? join(home, `${name}-${version}`) : home
      return { name, version, repository, path: join(below, name), hasSettings }
    }),
    ...(old
      ? [{ name: 'helmChartInflationGenerator', version: undefined, repository: undefined, path: '', hasSettings }]
      : []),
  ]
}

/** The kustomization of a directory as it is written; empty where there is none, or one that is no map. */
export async function kustomizationValue(directory: string): Promise<Readonly<Record<string, unknown>>> {
  const file = await kustomizationFileIn(directory)
  const [document] = file === undefined ? [] : readDocuments(await readText(file), file)
  return document?.form === 'manifest' && isObject(document.value) ? document.value : {}
}

/** A kustomization with other paths for those in `directory` that it names, as far as these are there. */
export async function rebasedKustomization(
  value: Readonly<Record<string, unknown>>,
  moved: (path: string) => string,
  directory: string,
): Promise<Record<string, unknown>> {
  const copy = structuredClone(value) as Record<string, unknown>
  for (const { text, path } of namedIn(value)) {
    if (REMOTE.test(text) || !(await stat(resolve(directory, text)).catch(() => undefined))) continue
    const holder = valueAt(copy, path.slice(0, -1)) as Record<string | number, string>
    const key = path.at(-1) ?? ''
    holder[key] = `${holder[key]?.slice(0, -text.length)}${moved(text)}`
  }
  return copy
}

/** What a kustomization puts around the names of its resources, once its components have had them. */
export async function affixesOf(directory: string): Promise<{ prefix: string; suffix: string }> {
  const value = await kustomizationValue(directory)
  const textAt = (key: string): string => (typeof value[key] === 'string' ? (value[key] as string) : '')
  return { prefix: textAt('namePrefix'), suffix: textAt('nameSuffix') }
}

/** The kustomization file of a directory, whatever it is. */
async function kustomizationFileIn(directory: string): Promise<string | undefined> {
  for (const name of KUSTOMIZATION_FILES) {
    const file = join(directory, name)
    if (await stat(file).then(Boolean, () => false)) return file
  }
  return undefined
}

async function sort(
  path: string,
  {
    files,
    directories,
    special,
  }: { files: string[]; directories: string[]; special: { path: string; kind: string }[] },
): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  const kind = found && kindOf(found)
  if (found === undefined) return
  if (kind === undefined) files.push(await realpath(path))
  else if (found.isDirectory()) directories.push(await realpath(path))
  else special.push({ path, kind })
}

/** Every text of a kustomization that names something. */
function namedIn(value: Readonly<Record<string, unknown>>): { text: string; path: Path }[] {
  const named = PATH_LISTS.flatMap((list) =>
    fieldsOf(value, list, []).flatMap((field) => textsIn(field.value, field.path)),
  )
  for (const [list, names] of Object.entries(PATH_FIELDS)) {
    for (const { value: entries, path } of fieldsOf(value, list, [])) {
      for (const [index, entry] of Array.isArray(entries) ? entries.entries() : []) {
        const fields = names.flatMap((name) => fieldsOf(entry, name, [...path, index]))
        named.push(...fields.flatMap((field) => textsIn(field.value, field.path)).map(withoutKey))
      }
    }
  }
  for (const openapi of fieldsOf(value, 'openapi', [])) {
    named.push(...fieldsOf(openapi.value, 'path', openapi.path).flatMap((field) => textsIn(field.value, field.path)))
  }
  // A patch may stand in the list itself.
  return named.filter(({ text }) => text !== '' && !text.includes('\n'))
}

/** The fields of a map that kustomize takes for this one: Go's JSON folds cases, `ſ` and the Kelvin sign too. */
function fieldsOf(map: unknown, name: string, path: Path): { value: unknown; path: Path }[] {
  if (!isObject(map)) return []
  const keys = Object.keys(map).filter((key) => folded(key) === folded(name))
  return keys.map((key) => ({ value: map[key], path: [...path, key] }))
}

function folded(key: string): string {
  return key.toUpperCase().toLowerCase()
}

function textsIn(value: unknown, path: Path): { text: string; path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }]
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: unknown, index) =>
    typeof entry === 'string' ? [{ text: entry, path: [...path, index] }] : [],
  )
}

function withoutKey({ text, path }: { text: string; path: Path }): { text: string; path: Path } {
  return { text: text.replace(/^[\w.-]+=/, ''), path }
}
