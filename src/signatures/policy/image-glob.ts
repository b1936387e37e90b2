/** The characters that a pattern of a ClusterImagePolicy may have. */
const PATTERN = /^[a-zA-Z0-9_:/*.@-]+$/
/** What the policy controller takes two short patterns for. */
const SHORT = new Map([
  ['*', 'index.docker.io/library/*'],
  ['*/*', 'index.docker.io/*/*'],
])

/**
 * The pattern as an expression: `*` is any text without a slash, `**` any text. Undefined for what is none. Source: sigstore
 * policy-controller, pkg/apis/glob.
 */
export function globExpression(glob: string): RegExp | undefined {
  if (!PATTERN.test(glob)) return undefined
  const whole = SHORT.get(glob) ?? glob
  const parts = whole.split(/(\*+)/).map((part) => {
    if (part.startsWith('*')) return part.length > 1 ? '.*' : '[^/]*'
    return part.replaceAll('.', '\\.')
  })
  return new RegExp(`^${parts.join('')}$`)
}

/** The names that patterns are held against: those of an image, and for Docker Hub as the policy controller spells it. */
export function namesForGlobs(names: readonly string[]): string[] {
  return names.flatMap((name) => (name.startsWith('docker.io/') ? [name, `index.${name}`] : [name]))
}
