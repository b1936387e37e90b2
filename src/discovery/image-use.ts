import type { Path } from '../kubernetes/position.ts'

/** How an image was found, from what is sure to what is read between the lines. */
export type Layer = 'podSpec' | 'knownField' | 'argument' | 'environment' | 'config' | 'rule' | 'comment'

export type Confidence = 'certain' | 'likely' | 'possible'

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
}
