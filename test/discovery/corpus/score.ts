import { criForm, findReference } from '../../../src/oci/reference.ts'
import type { Answer } from './answers.ts'

export interface Score {
  readonly podSpec: { readonly hit: number; readonly total: number }
  readonly hidden: { readonly hit: number; readonly total: number }
  readonly correct: number
  readonly missing: readonly string[]
  /** What was reported and is no image of the key. */
  readonly extra: readonly string[]
}

/** Compares what was found with an answer; equal are references that a node takes for the same. */
export function score({ podSpec, hidden, comment, neutral }: Answer, found: readonly string[]): Score {
  const reported = new Set(found.map(normal))
  const pods = new Set(podSpec.map(normal))
  const others = new Set(hidden.map(normal).filter((one) => !pods.has(one)))
  const wanted = new Set([...pods, ...others, ...comment.map(normal)])
  const allowed = new Set([...wanted, ...neutral.map(normal)])
  const hits = (references: ReadonlySet<string>) => [...references].filter((one) => reported.has(one)).length
  return {
    podSpec: { hit: hits(pods), total: pods.size },
    hidden: { hit: hits(others), total: others.size },
    correct: hits(wanted),
    missing: [...pods, ...others].filter((one) => !reported.has(one)),
    extra: [...reported].filter((one) => !allowed.has(one)),
  }
}

/** The form in which a node looks an image up, also of artifacts with a scheme. */
function normal(reference: string): string {
  const text = reference.trim().replace(/^(?:docker|oci|docker-daemon):\/\//, '')
  const parsed = findReference(text)
  return parsed ? criForm(parsed) : text
}
