import { type Finding, finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { formatPath, type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, objectsOf, type Resource } from '../../kubernetes/objects/resource.ts'
import { templatePathOf } from '../../kubernetes/objects/workload.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import { readKey } from '../classify/key.ts'
import { judge } from './image-candidate.ts'
import type { ImageUse } from './image-use.ts'
import { placeOf, unresolvedFinding } from './use-findings.ts'

type Fields = Readonly<Record<string, unknown>>

/** Where a variable, or all of `envFrom`, has its text from. */
interface EnvReference {
  readonly kind: 'ConfigMap' | 'Secret' | 'field'
  readonly name: string
  /** Undefined for all keys: `envFrom`. */
  readonly key: string | undefined
  /** The text of a field that is known at once. */
  readonly text?: string | undefined
  /** Undefined for `envFrom`, whose keys are the names. */
  readonly variable: string | undefined
  readonly place: Pick<ImageUse, 'workload' | 'container' | 'path' | 'file' | 'line'>
}

/** The texts of a ConfigMap or Secret; undefined for one that is no image. */
interface EnvSource {
  readonly namespace: string | undefined
  readonly texts: ReadonlyMap<string, string | undefined>
}

/** What variables from elsewhere give. */
interface SettledVariables {
  readonly uses: readonly ImageUse[]
  /** What may name an image and is not known. */
  readonly findings: readonly Finding[]
  /** Whether a finding is about the name of such a variable, whose text is known now; undefined where none is. */
  readonly isFilled: ((finding: Finding) => boolean) | undefined
}

const IMAGE = readKey('image')
/** The longest reference. */
const MAX_TEXT = 512
const MAX_DEPTH = 24

/**
 * The variables whose texts stand in ConfigMaps, Secrets and fields of the pod, which may come before or behind them: once
 * all is read, what is there counts, and what may name an image and is not there is said.
 */
export class EnvSources {
  readonly #sources = new Map<string, EnvSource[]>()
  readonly #references: EnvReference[] = []
  #searched: { readonly document: Document; readonly mayRefer: boolean } | undefined

  note(resource: Resource): void {
    const { apiVersion, kind, name, namespace, value, document } = resource
    if (apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')) {
      const known = this.#sources.get(`${kind} ${name}`)
      const source = { namespace, texts: textsOf(kind, value) }
      if (known) known.push(source)
      else this.#sources.set(`${kind} ${name}`, [source])
      return
    }
    if (!this.#mayRefer(document)) return
    for (const [container, path] of containersOf(value))
      this.#references.push(...referencesOf(resource, container, path))
  }

  /** A list is one document: its text is searched once, not for each of its items. */
  #mayRefer(document: Document): boolean {
    if (this.#searched?.document !== document) {
      const mayRefer = document.source === '' || /valueFrom|envFrom/.test(document.source)
      this.#searched = { document, mayRefer }
    }
    return this.#searched.mayRefer
  }

  /** `isWhole`: every ConfigMap and Secret that there is was read, or should have been. */
  settle({ isWhole }: { readonly isWhole: boolean }): SettledVariables {
    const filled = new Set<string>()
    const uses: ImageUse[] = []
    const findings: Finding[] = []
    for (const reference of this.#references) {
      const { variable, place, key } = reference
      const sources = this.#sourcesOf(reference)
      const texts =
        reference.text === undefined
          ? sources.flatMap(({ texts }) => entriesOf(texts, key))
          : [['', reference.text] as const]
      const found = texts.flatMap(([own, text]) => useOf(reference, variable ?? own, text) ?? [])
      uses.push(...found)
      if (found.length > 0 && variable !== undefined)
        filled.add(unresolvedFinding(place, `$(${variable})`, 'warning').message)
      const isMissing =
        variable === undefined ? sources.length === 0 && isWhole : isImageName(variable) && found.length === 0
      if (isMissing) findings.push(missingFinding(reference, sources.length > 0))
    }
    const isFilled = ({ code, message }: Finding) => code === 'IMAGE_UNRESOLVED' && filled.has(message)
    return { uses, findings, isFilled: filled.size > 0 ? isFilled : undefined }
  }

  #sourcesOf({ kind, name, place }: EnvReference): readonly EnvSource[] {
    const { namespace } = place.workload
    const all = this.#sources.get(`${kind} ${name}`) ?? []
    return all.filter((one) => !one.namespace || !namespace || one.namespace === namespace)
  }
}

function entriesOf(texts: EnvSource['texts'], key: string | undefined): readonly (readonly [string, string])[] {
  const entries = key === undefined ? [...texts] : [[key, texts.get(key)] as const]
  return entries.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]))
}

function missingFinding(reference: EnvReference, isThere: boolean): Finding {
  const { kind, name, key, variable, place } = reference
  const { file, line } = place
  if (variable === undefined) {
    const message = `${placeOf(place)}: its variables from ${kind} ${name} are not read, as it is not among the inputs`
    return finding('ENV_SOURCE_ELSEWHERE', message, { file, line, subject: `${kind} ${name}` })
  }
  const source = kind === 'field' ? `the field ${key}` : `${kind} ${name}`
  const lack = kind === 'field' ? 'is not known' : isThere ? `names no image in ${key}` : 'is not among the inputs'
  const message = `${placeOf(place)}: its variable ${variable} is from ${source}, which ${lack}`
  return finding('IMAGE_UNRESOLVED', message, { severity: 'warning', hint: HINT, file, line, subject: source })
}

const HINT =
  'Add it to the inputs, or name the image with --image REF; where it names none, allow it: --allow "IMAGE_UNRESOLVED=ConfigMap NAME".'

/** A variable that names an image, or a part of one that nobody puts together here. */
function isImageName(variable: string): boolean {
  const { role, ofImage } = readKey(variable)
  return role === 'image' || role === 'images' || (ofImage && PARTS.has(role))
}

const PARTS: ReadonlySet<string> = new Set(['repository', 'registry', 'tag', 'digest', 'version'])

function useOf({ kind, name, place }: EnvReference, variable: string, text: string): ImageUse | undefined {
  const image = judge(readKey(variable), text, { isLoose: true })
  const parsed = image && findReference(image.reference)
  if (!image || !parsed) return undefined
  const why = kind === 'field' ? `env ${variable}` : `env ${variable} from ${kind} ${name}`
  return {
    ...{ reference: image.reference, image: criForm(parsed), policy: undefined, policyFrom: 'operator' },
    ...place,
    ...{ layer: 'environment', confidence: image.confidence, why },
  }
}

function textsOf(kind: 'ConfigMap' | 'Secret', value: Fields): ReadonlyMap<string, string | undefined> {
  const texts = new Map<string, string | undefined>()
  for (const held of ['data', 'stringData']) {
    for (const [key, entry] of Object.entries(isObject(value[held]) ? value[held] : {})) {
      if (typeof entry !== 'string') continue
      const isEncoded = kind === 'Secret' && held === 'data'
      const text = isEncoded ? Buffer.from(entry.slice(0, 2 * MAX_TEXT), 'base64').toString() : entry
      const trimmed = text.trim()
      // Texts of a parser are windows on the whole file, and would keep it in memory.
      const isKept = trimmed.length <= MAX_TEXT && judge(IMAGE, trimmed) !== undefined
      texts.set(key, isKept ? Buffer.from(trimmed).toString() : undefined)
    }
  }
  return texts
}

/** The maps with variables below a value. Every value is passed, so that nothing is made on the way. */
function containersOf(root: unknown): [Fields, Path][] {
  const found: [Fields, Path][] = []
  const path: Path[number][] = []
  const visit = (value: object): void => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) visitAt(index, value[index])
      return
    }
    const first = found.length
    let holds = false
    for (const key in value) {
      const child = (value as Fields)[key]
      holds ||= (key === 'env' || key === 'envFrom') && Array.isArray(child)
      visitAt(key, child)
    }
    // A map comes before what is in it. Asking each one for two keys costs more than passing by them.
    if (holds) found.splice(first, 0, [value as Fields, [...path]])
  }
  const visitAt = (key: Path[number], child: unknown): void => {
    if (typeof child !== 'object' || child === null || path.length === MAX_DEPTH) return
    path.push(key)
    visit(child)
    path.pop()
  }
  if (typeof root === 'object' && root !== null) visit(root)
  return found
}

function referencesOf(resource: Resource, container: Fields, path: Path): EnvReference[] {
  const { apiVersion, kind, namespace, name, document, path: root } = resource
  const placeAt = (at: Path): EnvReference['place'] => ({
    workload: { apiVersion, kind, namespace, name },
    container: typeof container.name === 'string' ? container.name : undefined,
    path: [...path, ...at],
    file: document.file,
    line: document.lineOf([...root, ...path, ...at]),
  })
  const variables = objectsOf(container.env as Fields[]).flatMap(
    ({ name: variable, valueFrom }, index): EnvReference[] => {
      if (typeof variable !== 'string' || !isObject(valueFrom)) return []
      const place = () => placeAt(['env', index, 'valueFrom'])
      const { configMapKeyRef, secretKeyRef } = valueFrom
      for (const [of, ref] of [['ConfigMap', configMapKeyRef] as const, ['Secret', secretKeyRef] as const]) {
        if (isObject(ref)) return [{ kind: of, name: String(ref.name), key: String(ref.key), variable, place: place() }]
      }
      if (!isImageName(variable)) return []
      const field = valueAt(valueFrom, ['fieldRef', 'fieldPath'])
      const key = typeof field === 'string' ? field : formatPath(Object.keys(valueFrom).slice(0, 1))
      return [{ kind: 'field', name: '', key, text: fieldText(resource, key), variable, place: place() }]
    },
  )
  const all = objectsOf(container.envFrom as Fields[]).flatMap(({ configMapRef, secretRef }, index): EnvReference[] =>
    [['ConfigMap', configMapRef] as const, ['Secret', secretRef] as const].flatMap(([of, ref]) =>
      isObject(ref)
        ? [
            {
              kind: of,
              name: String(ref.name),
              key: undefined,
              variable: undefined,
              place: placeAt(['envFrom', index]),
            },
          ]
        : [],
    ),
  )
  return [...variables, ...all]
}

/** The text of a label or annotation that a pod has of its own template. */
function fieldText(resource: Resource, field: string): string | undefined {
  const [, marks = '', key = ''] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(field) ?? []
  const text = valueAt(resource.value, [...(templatePathOf(resource) ?? []), 'metadata', marks, key])
  return typeof text === 'string' ? text : undefined
}
