import type { Path } from '../../kubernetes/documents/path.ts'

/** `spec.a[*].b` as its steps; a number in brackets is an index, quotes protect dots: `data["a.b"]`. */
export function parsePath(text: string): (string | number)[] {
  return Array.from(text.matchAll(/\["([^"]+)"\]|\[(\d+)\]|\[(\*)\]|([^.[\]]+)/g), ([, quoted, index, every, name]) =>
    index === undefined ? (quoted ?? every ?? name ?? '') : Number(index),
  )
}

/** Every path of a value that a pattern leads to. */
export function matchPath(value: unknown, [step, ...rest]: Path, at: Path = []): Path[] {
  if (step === undefined) return [at]
  if (typeof value !== 'object' || value === null) return []
  const children: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  if (step === '**') {
    return [
      ...matchPath(value, rest, at),
      ...children.flatMap(([key, child]) => matchPath(child, [step, ...rest], [...at, key])),
    ]
  }
  const chosen = step === '*' ? children : children.filter(([key]) => key === step)
  return chosen.flatMap(([key, child]) => matchPath(child, rest, [...at, key]))
}
