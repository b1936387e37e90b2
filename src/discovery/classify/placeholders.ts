/**
 * A value that stands elsewhere: `$(params.X)`, `$(X)`, `${{X}}`, `${X}` with a default behind `:-`, `$X`, `%{X}`, `%{X}%`,
 * `{{inputs.parameters.X}}`, `{{ .Values.x }}`, `[[ .x ]]`, `#{X}#`, `<X>`, `@@X@@`, `@X@`, `__X__`, `%X%`, `((x))`, `<% x %>`, `###ZARF_VAR_X###`,
 * `<< inputs.x >>`, `\(x)`, `%(x)s`, `%s` beside what a reference has there.
 */
const PLACEHOLDER =
  /\$\(([\w.[\]"'-]+)\)|\$\{([\w.-]+)(?::?(?:[-=]([^{}]*)|\?[^{}]*))?\}|\$([A-Za-z_]\w*)|%\{([\w.-]+)\}%?|\{\{=?\s*([\w.[\]"'-]+)\s*\}\}|\[\[\s*([\w.-]+)\s*\]\]|#\{([\w.-]+)\}#?|<([A-Za-z][\w. -]*)>|@@([\w.-]+)@@|@([A-Za-z_][\w.-]*)@|__([A-Z][A-Z0-9_]*?)__|%([A-Za-z_][\w.-]*)%|(?<!\$)\(\(\s{0,9}([\w./-]{1,99})\s{0,9}\)\)|<%=?\s{0,9}([\w.-]{1,99})\s{0,9}%>|\$\{\{\s{0,9}([\w.-]{1,99})\s{0,9}\}\}|###(?:ZARF_(?:VAR|CONST|PKG_TMPL|PKG_VAR)_)?([A-Z]\w{0,99})###|<<-?\s{0,9}\$?([\w.-]{1,99})\s{0,9}>>|\\\(([^()\s"'\\]{1,99})\)|%\((\w{1,99})\)[sd]|(?<=[/:@-])%[sdv](?!\w)|%[sdv](?=[/:])/g
/** Also those that no value can be put in place of: expressions of templates. */
const OPENING =
  /\$[({A-Za-z_\d]|%\{|\{\{|\[\[|#\{|<[A-Za-z][\w. -]*>|@@\w|@[A-Za-z_][\w.-]*@|__[A-Z][A-Z0-9_]*?__|%[A-Za-z_][\w.-]*%|\{%|<%|\(\(\s{0,9}[\w./-]{1,99}\s{0,9}\)\)|###[A-Z]\w{0,99}###|<<-?\s{0,9}\w{0,99}[.$][^<>\n]{0,200}>>|\\\([^()\s"'\\]{1,99}\)|%\(\w{1,99}\)[sd]|(?<=[/:@-])%[sdv](?!\w)|%[sdv](?=[/:])/
/** A whole text that only holds a place: `REPLACE_ME`. */
const STAND_IN = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/

/** What a gateway has for its image that Istio fills in. Source: https://istio.io/latest/docs/setup/additional-setup/gateway/ */
export const AUTO = 'auto'

/** `var.image`, `local.image`: a whole value that Terraform takes from elsewhere. */
export function isReferred(text: string): boolean {
  return /^(?:var|local|module|each|data)\.[A-Za-z_][\w.[\]"-]{0,200}$/.test(text)
}

/** `{registry}/web:1`, `!REG!/web:1`, `r.example/web:[TAG]`, `ko://r.example/web`: what is no reference, and becomes one. */
export function isUnfinished(text: string): boolean {
  if (!text.includes('/') || text.length > 512) return false
  if (text.startsWith('ko://')) return true
  return MARKED.test(text) && !/^(?:[a-z+]+:\/\/|\.{0,2}\/)|\s/.test(text)
}
const MARKED =
  /\{[\w .-]{1,99}\}|\[[\w.-]{1,99}\]|![\w.-]{1,99}!|~[\w.-]{1,99}~|^[\w-]+\.[\w.-]+\/(?:[\w.-]+\/)*[A-Z][A-Z0-9_-]*(?::\S+)?$/

/**
 * What only a shell makes, as a part of a word: `${V%.*}`, `${V:1}`, `${!V}`, `$1`, `x$(date +%F)`, `$((1 + 1))-x`. Nothing is
 * put in its place.
 */
const EXPANSION =
  /\$\{[!#]?\w{1,99}(?:\[[^\][{}]{1,99}\])?(?:(?:[%#/^,@]|:[^-=?])[^{}]{0,200})?\}|\$[\d@*]|(?<=[\w./:@-])(?:\$\([^()]{1,200}\)|\$\(\([^()]{1,200}\)\)|`[^`]{1,200}`)|(?:\$\([^()]{1,200}\)|\$\(\([^()]{1,200}\)\)|`[^`]{1,200}`)(?=[\w./:@-])/g
const PLAIN = /^\$\{\w+\}$/

/** Whether a shell makes a part of a text that no value can be put in place of. */
export function hasExpansion(text: string): boolean {
  return /[$`]/.test(text) && Array.from(text.matchAll(EXPANSION)).some(([found]) => !PLAIN.test(found))
}

export function hasPlaceholder(text: string): boolean {
  return OPENING.test(text) || STAND_IN.test(text)
}

/** The names that a text leaves open: the last part of each, as `$(inputs.params.image)` means the parameter `image`. */
export function placeholderNames(text: string): string[] {
  if (STAND_IN.test(text)) return [text]
  return Array.from(text.matchAll(PLACEHOLDER), (match) => nameIn(match))
}

/** What placeholders stand for. */
export type PlaceholderValues = Pick<ReadonlyMap<string, string>, 'get'>

/** The text with every placeholder replaced; undefined where one of them has neither a value here nor a default. */
export function fillPlaceholders(text: string, values: PlaceholderValues): string | undefined {
  if (STAND_IN.test(text)) return values.get(text)
  let isOpen = false
  const filled = text.replace(PLACEHOLDER, (...match) => {
    const value = values.get(nameIn(match)) || (match[3] as string | undefined)
    if (!value) isOpen = true
    return value ?? ''
  })
  return isOpen || filled === text || hasPlaceholder(filled) || hasExpansion(filled) ? undefined : filled
}

/** An expression of a template, which stands for a part of a reference as a name does. */
const EXPRESSION = /\$?\{\{[^{}]{0,200}\}\}|<<-?\s{0,9}\w{0,99}[.$][^<>\n]{0,200}>>/g

/**
 * Texts with a word in the place of each placeholder that may stand in a reference, and the way back, so that what is
 * only partly known can be put together.
 */
export function maskPlaceholders(texts: readonly string[]): {
  readonly masked: readonly string[]
  unmask(text: string): string
} {
  const found: string[] = []
  const mask = (placeholder: string) => `zz${found.push(placeholder) - 1}zz`
  const masked = texts.map((text) => text.replace(EXPRESSION, mask).replace(EXPANSION, mask).replace(PLACEHOLDER, mask))
  return { masked, unmask: (text) => unmaskIn(text, found) }
}

/** One placeholder may stand inside of another: `$(cat {{ file }})`. */
function unmaskIn(text: string, found: readonly string[]): string {
  return text.replace(MASK, (_, at: string) => unmaskIn(found[Number(at)] ?? '', found.slice(0, Number(at))))
}

/** Beyond this a text is no reference. */
const MAX_OPEN = 512

/** Whether a text has several words; what stands within a placeholder is none. */
export function hasSeveralWords(text: string): boolean {
  const isOpen = text.length <= MAX_OPEN && hasPlaceholder(text)
  return /\s/.test((isOpen ? (maskPlaceholders([text]).masked[0] ?? '') : text).trim())
}

const MASK = /zz(\d+)zz/g

function nameIn([, round, curly, , ...others]: readonly unknown[]): string {
  const whole = String(round ?? curly ?? others.find((name) => typeof name === 'string') ?? '')
  const quoted = /\[["']([^"']+)["']\]$/.exec(whole)?.[1]
  return quoted ?? whole.slice(whole.lastIndexOf('.') + 1)
}
