/** `$(params.X)`, `$(X)`, `${X}`, `{{inputs.parameters.X}}`, `{{ .Values.x }}`: a value that stands elsewhere. */
const PLACEHOLDER = /\$\(([\w.[\]"'-]+)\)|\$\{([\w.-]+)\}|\{\{=?\s*([\w.[\]"'-]+)\s*\}\}/g

export function hasPlaceholder(text: string): boolean {
  return text.includes('$') || text.includes('{{')
}

/** The names that a text leaves open: the last part of each, as `$(inputs.params.image)` means the parameter `image`. */
export function placeholderNames(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => nameIn(match))
}

/** The text with every placeholder replaced; undefined where one of them has no value here. */
export function fillPlaceholders(text: string, values: ReadonlyMap<string, string>): string | undefined {
  const names = placeholderNames(text)
  if (names.length === 0 || !names.every((name) => values.get(name))) return undefined
  return text.replace(PLACEHOLDER, (...match) => values.get(nameIn(match)) ?? '')
}

function nameIn([, round, curly, double]: ArrayLike<unknown> & Iterable<unknown>): string {
  const whole = String(round ?? curly ?? double ?? '')
  const quoted = /\[["']([^"']+)["']\]$/.exec(whole)?.[1]
  return quoted ?? whole.slice(whole.lastIndexOf('.') + 1)
}
