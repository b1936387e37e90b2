import { readKey } from '../classify/key.ts'
import type { Place, Walk } from '../walk/walk-state.ts'

const VALUE_KEYS = ['value', 'default', 'defaultValue'] as const

/** A map that gives a text a name: an environment variable, a parameter. */
export interface NamedValue {
  readonly name: string
  readonly key: (typeof VALUE_KEYS)[number]
  readonly text: string
}

/** The named value that a map is, where it is one. */
export function namedValueOf(map: Readonly<Record<string, unknown>>): NamedValue | undefined {
  const { name } = map
  if (typeof name !== 'string') return undefined
  for (const key of VALUE_KEYS) {
    const text = map[key]
    if (typeof text === 'string') return { name, key, text }
  }
  return undefined
}

/** Reads the text of a pair under the name that it has there, rather than under `value`. */
export function visitNamedValue(
  walk: Walk,
  { name, key, text }: NamedValue,
  listName: string,
  place: Place,
  visit: (walk: Walk, value: unknown, name: string, place: Place) => void,
): void {
  walk.named.set(name, text)
  const speaks = readKey(name).role !== 'other' || readKey(listName).role !== 'images'
  walk.path.push(key)
  visit(walk, text, speaks ? name : listName, { ...place, isLoose: true })
  walk.path.pop()
}
