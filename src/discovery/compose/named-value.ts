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
