import { isObject } from '../../kubernetes/objects/resource.ts'
import type { Place, Walk } from './walk-state.ts'

/** What the API server takes of a ConfigMap or Secret is 1 MiB, before base64; a larger value is in no cluster. */
const MAX_ENCODED = 1_500_000

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Names of values that are credentials: a short one is never told, whatever it looks like. */
const CREDENTIAL = /passw|passphrase|token|secret|credential|api[_-]?key|private/i

/** Whether the values below a key of a map are those of a Secret, or base64 in a ConfigMap. */
export function isHeld({ kind }: Readonly<Record<string, unknown>>, key: string): boolean {
  return kind === 'Secret' ? key === 'data' || key === 'stringData' : kind === 'ConfigMap' && key === 'binaryData'
}

/** Reads such values, decoded where that is text. A line of it is nowhere in the file then, so its key's is told. */
export function visitHeld(walk: Walk, key: string, values: unknown, place: Place, visit: Visit): void {
  if (!isObject(values)) return
  const isEncoded = key !== 'stringData'
  const texts = Object.entries(values).flatMap(([name, value]) => {
    const text = typeof value === 'string' && isEncoded ? decoded(value) : value
    const isTold = typeof text === 'string' && (/\n|^\s*[[{]/.test(text) || !CREDENTIAL.test(name))
    return isTold ? [[name, text] as const] : []
  })
  const lists: { textLine?: number | undefined }[][] = [walk.found, walk.open, walk.unresolved, walk.elsewhere]
  const starts = lists.map(({ length }) => length)
  visit(walk, key, Object.fromEntries(texts), key, place)
  if (!isEncoded) return
  lists.forEach((list, at) => {
    for (let index = starts[at] ?? 0; index < list.length; index++)
      list[index] = { ...list[index], textLine: undefined }
  })
}

type Visit = (walk: Walk, key: string, value: unknown, name: string, place: Place) => void

function decoded(value: string): string | undefined {
  if (value.length > MAX_ENCODED) return undefined
  try {
    return UTF8.decode(Buffer.from(value, 'base64'))
  } catch {
    return undefined
  }
}
