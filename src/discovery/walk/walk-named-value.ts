import { readKey } from '../classify/key.ts'
import type { NamedValue } from '../compose/named-value.ts'
import type { Place, Walk } from './walk-state.ts'

/** Reads a named value under the name that it has there, rather than under `value`. */
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
