import type { Path } from '../../kubernetes/documents/path.ts'
import { formatPath } from '../../kubernetes/documents/path.ts'

/** How an image was found, from what is sure to what is read between the lines. */
export type Layer =
  | 'podSpec'
  | 'knownField'
  | 'argument'
  | 'environment'
  | 'config'
  | 'rule'
  | 'comment'
  /** Named in an image list, or in the annotations of a chart. */
  | 'list'

/** From surest to least sure. */
export const CONFIDENCES = ['certain', 'likely', 'possible'] as const

export type Confidence = (typeof CONFIDENCES)[number]

/** One place where a resource names an image. */
export interface ImageUse {
  /** As written, or as composed from its parts. */
  readonly reference: string
  /** The CRI form, the key of every lookup; undefined when the reference does not parse. */
  readonly image: string | undefined
  /** The effective pull policy; undefined where an operator decides. */
  readonly policy: string | undefined
  readonly policyFrom: 'field' | 'default' | 'operator'
  readonly workload: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string | undefined
    readonly name: string
  }
  readonly container: string | undefined
  /** Where in the resource. */
  readonly path: Path
  readonly file: string
  readonly line: number
  readonly layer: Layer
  readonly confidence: Confidence
  /** What made it one, for people: `flag --engine-image`, `composed of repository + tag`. */
  readonly why: string
}

/** A use as `scan --json` prints it. */
export interface ImageUseJson {
  readonly reference: string
  readonly image: string | null
  readonly policy: string | null
  readonly policyFrom: ImageUse['policyFrom']
  readonly workload: { apiVersion: string; kind: string; namespace: string | null; name: string }
  readonly container: string | null
  readonly field: string
  readonly file: string
  readonly line: number
  readonly layer: Layer
  readonly confidence: Confidence
  readonly why: string
}

/** The JSON form of a use: what is unknown is null, the path is text. */
export function renderUse(use: ImageUse): ImageUseJson {
  const { reference, policyFrom, workload, file, line, layer, confidence, why } = use
  return {
    reference,
    image: use.image ?? null,
    policy: use.policy ?? null,
    policyFrom,
    workload: { ...workload, namespace: workload.namespace ?? null },
    container: use.container ?? null,
    field: formatPath(use.path),
    file,
    line,
    layer,
    confidence,
    why,
  }
}

/** Whether a confidence is at least as sure as the other. */
export function isAtLeast(confidence: Confidence, minimum: Confidence): boolean {
  return CONFIDENCES.indexOf(confidence) <= CONFIDENCES.indexOf(minimum)
}

/**
 * The use with texts of its own: those from a parser are windows on the whole file, and would keep it in memory. Equal
 * texts become one, which `texts` holds.
 */
export function detach(use: ImageUse, texts: Map<string, string>): ImageUse {
  const own = <T extends string | undefined>(text: T): T => {
    if (text === undefined || text.length < MIN_WINDOW) return text
    let copy = texts.get(text)
    if (copy === undefined) {
      copy = ownText(text)
      texts.set(copy, copy)
    }
    return copy as T
  }
  const { apiVersion, kind, namespace, name } = use.workload
  return {
    ...use,
    reference: own(use.reference),
    image: own(use.image),
    policy: own(use.policy),
    workload: { apiVersion: own(apiVersion), kind: own(kind), namespace: own(namespace), name: own(name) },
    container: own(use.container),
    path: use.path.map((key) => (typeof key === 'string' ? own(key) : key)),
    why: own(use.why),
  }
}

/** V8 copies shorter texts anyway. */
const MIN_WINDOW = 13

/** The same text, which is no window on a longer one. */
export function ownText(text: string): string {
  return text.length < MIN_WINDOW ? text : (JSON.parse(JSON.stringify(text)) as string)
}
