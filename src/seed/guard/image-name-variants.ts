const DOCKER = 'docker.io/'
const OFFICIAL = 'docker.io/library/'

/**
 * The ways in which a manifest may write a name that a runtime looks for: without `docker.io/`, without `library/`, and
 * without `:latest`. Source: distribution/reference v0.6.0, normalize.go.
 */
export function imageNameVariants(name: string): string[] {
  const tagged = name.endsWith(':latest') ? [name, name.slice(0, -':latest'.length)] : [name]
  return tagged.flatMap((text) => {
    if (text.startsWith(OFFICIAL)) {
      const rest = text.slice(OFFICIAL.length)
      return [text, `${DOCKER}${rest}`, `index.${DOCKER}${rest}`, `index.${OFFICIAL}${rest}`, `library/${rest}`, rest]
    }
    if (text.startsWith(DOCKER)) return [text, `index.${text}`, text.slice(DOCKER.length)]
    return [text]
  })
}
