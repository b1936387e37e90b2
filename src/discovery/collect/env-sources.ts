import { type Finding, finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import { readKey } from '../classify/key.ts'
import { judge } from '../uses/image-candidate.ts'
import type { ImageUse } from '../uses/image-use.ts'
import { placeOf, unresolvedFinding } from '../uses/use-findings.ts'
import { joinCollected } from './collected.ts'
import { containersOf, type EnvReference, isImageName, referencesOf } from './env-references.ts'

type Fields = Readonly<Record<string, unknown>>

/** The texts of a ConfigMap or Secret; undefined for one that is no image. */
interface EnvSource {
  readonly namespace: string | undefined
  readonly texts: ReadonlyMap<string, string | undefined>
}

/** By kind and name the texts, and who asks for them. */
interface EnvNotes {
  readonly sources: Map<string, EnvSource[]>
  readonly references: EnvReference[]
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

/**
 * The variables whose texts stand in ConfigMaps, Secrets and fields of the pod, which may come before or behind them: once
 * all is read, what is there counts, and what may name an image and is not there is said.
 */
export class EnvSources {
  readonly #noted: EnvNotes = { sources: new Map(), references: [] }
  #searched: { readonly document: Document; readonly mayRefer: boolean } | undefined

  get noted(): EnvNotes {
    return this.#noted
  }

  /** Takes what was noted of later resources. */
  join(later: EnvNotes): void {
    joinCollected(this.#noted, later)
  }

  note(resource: Resource): void {
    const { apiVersion, kind, name, namespace, value, document } = resource
    if (apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')) {
      const known = this.#noted.sources.get(`${kind} ${name}`)
      const source = { namespace, texts: textsOf(kind, value) }
      if (known) known.push(source)
      else this.#noted.sources.set(`${kind} ${name}`, [source])
      return
    }
    if (!this.#mayRefer(document)) return
    for (const [container, path] of containersOf(value))
      this.#noted.references.push(...referencesOf(resource, container, path))
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
    for (const reference of this.#noted.references) {
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
    const all = this.#noted.sources.get(`${kind} ${name}`) ?? []
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
