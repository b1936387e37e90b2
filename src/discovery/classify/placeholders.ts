/**
 * A value that stands elsewhere: `$(params.X)`, `$(X)`, `${X}` with a default behind `:-`, `$X`, `%{X}`, `%{X}%`,
 * `{{inputs.parameters.X}}`, `{{ .Values.x }}`.
 */
const PLACEHOLDER =
  /\$\(([\w.[\]"'-]+)\)|\$\{([\w.-]+)(?::?-([^{}]*))?\}|\$([A-Za-z_]\w*)|%\{([\w.-]+)\}%?|\{\{=?\s*([\w.[\]"'-]+)\s*\}\}/g
/** Also those that no value can be put in place of: expressions of templates. */
const OPENING = /\$[({A-Za-z_]|%\{|\{\{/

export function hasPlaceholder(text: string): boolean {
  return OPENING.test(text)
}

/** The names that a text leaves open: the last part of each, as `$(inputs.params.image)` means the parameter `image`. */
export function placeholderNames(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => nameIn(match))
}

/** The text with every placeholder replaced; undefined where one of them has neither a value here nor a default. */
export function fillPlaceholders(text: string, values: ReadonlyMap<string, string>): string | undefined {
  let isOpen = false
  const filled = text.replace(PLACEHOLDER, (...match) => {
    const value = values.get(nameIn(match)) || (match[3] as string | undefined)
    if (!value) isOpen = true
    return value ?? ''
  })
  return isOpen || filled === text || hasPlaceholder(filled) ? undefined : filled
}

function nameIn([, round, curly, , bare, percent, double]: ArrayLike<unknown> & Iterable<unknown>): string {
  const whole = String(round ?? curly ?? bare ?? percent ?? double ?? '')
  const quoted = /\[["']([^"']+)["']\]$/.exec(whole)?.[1]
  return quoted ?? whole.slice(whole.lastIndexOf('.') + 1)
}
