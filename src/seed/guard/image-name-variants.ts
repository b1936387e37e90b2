import { criForm, findReference } from '../../oci/reference.ts'

const DOCKER = 'docker.io/'
const OFFICIAL = 'docker.io/library/'

/**
 * The ways in which a manifest may write a name that a runtime looks for: without `docker.io/`, without `library/`, and
 * without `:latest`; only those that a runtime takes for this very name, as `localhost/app` is none of `docker.io`'s.
 * Source: distribution/reference v0.6.0, normalize.go.
 */
export function imageNameVariants(name: string): string[] {
  const tagged = name.endsWith(':latest') ? [name, name.slice(0, -':latest'.length)] : [name]
  const variants = tagged.flatMap((text) => {
    if (!text.startsWith(DOCKER)) return [text]
    const path = text.slice(DOCKER.length)
    const rest = text.startsWith(OFFICIAL) ? text.slice(OFFICIAL.length) : path
    return [text, `${DOCKER}${rest}`, `index.${DOCKER}${rest}`, `index.${DOCKER}${path}`, path, rest]
  })
  return [...new Set(variants)].filter((variant) => variant === name || means(variant, name))
}

function means(variant: string, name: string): boolean {
  const reference = findReference(variant)
  return reference !== undefined && criForm(reference) === name
}
