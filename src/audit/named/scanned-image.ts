import type { Path } from '../../kubernetes/documents/path.ts'

/** A place where an input names an image, as a scan finds it. */
export interface ScannedImage {
  readonly reference: string
  /** The CRI form; undefined when the reference does not parse. */
  readonly image: string | undefined
  /** Undefined where whoever reads the place decides. */
  readonly policy: string | undefined
  /** Whether a field says so, or what an API server fills in. */
  readonly policyFrom?: string | undefined
  readonly workload: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string | undefined
    readonly name: string
  }
  /** In the resource. */
  readonly path: Path
  readonly file: string
  readonly line: number
  /** How it was found: `podSpec`, `argument`, `environment` … */
  readonly layer: string
  readonly confidence: 'certain' | 'likely' | 'possible'
  /** What made it one, for people. */
  readonly why: string
}
