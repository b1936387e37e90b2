import { readKey } from './key.ts'

/** What keys a map has, as bits. A walk passes millions of maps, and most have none of what is asked for. */
export const HAS = {
  name: 1,
  /** `value`, `default`, `defaultValue`. */
  value: 2,
  env: 4,
  /** `command`, `args`. */
  command: 8,
  /** `containers` and its like. */
  containers: 16,
  /** A key that a reference which is put together begins with: an image, a repository, a registry; `newName`. */
  base: 32,
  image: 64,
} as const

const BITS: Readonly<Record<string, number>> = {
  name: HAS.name,
  value: HAS.value,
  default: HAS.value,
  defaultValue: HAS.value,
  env: HAS.env,
  command: HAS.command,
  args: HAS.command,
  initContainers: HAS.containers,
  containers: HAS.containers,
  ephemeralContainers: HAS.containers,
  newName: HAS.base,
  image: HAS.image,
}

/** Roles that a composed reference can begin with. */
const BASES: ReadonlySet<string> = new Set(['image', 'repository', 'registry'])

const known = new Map<string, number>()
const MAX_KNOWN = 100_000

/** Whether a reference that is put together can begin with what stands under such a key. */
export function isBase(key: string): boolean {
  return BASES.has(readKey(key).role)
}

/** Which of these a map has, in one pass over its keys. */
export function keysOf(map: Readonly<Record<string, unknown>>): number {
  let found = 0
  for (const key in map) found |= known.get(key) ?? learn(key)
  return found
}

function learn(key: string): number {
  const bits = (Object.hasOwn(BITS, key) ? (BITS[key] ?? 0) : 0) | (isBase(key) ? HAS.base : 0)
  if (known.size < MAX_KNOWN) known.set(key, bits)
  return bits
}
