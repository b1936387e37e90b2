const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/

/** `[prefix/]name`: an optional DNS subdomain of at most 253 characters, and a name of 1 to 63. */
export function isLabelKey(text: unknown): text is string {
  if (typeof text !== 'string') return false
  const parts = text.split('/')
  if (parts.length > 2) return false
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, parts[0]]
  if (prefix !== undefined && (prefix.length > 253 || !PREFIX.test(prefix))) return false
  return name.length <= 63 && NAME.test(name)
}

/** At most 63 characters in the form of a label's name, or empty. */
export function isLabelValue(text: unknown): text is string {
  return typeof text === 'string' && (text === '' || (text.length <= 63 && NAME.test(text)))
}
