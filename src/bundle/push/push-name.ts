import { ExpectedError } from '../../errors.ts'
import { parseReference } from '../../oci/reference.ts'

/**
 * Names repositories where they are pushed to: `library/nginx` of any upstream under the registry; with a prefix, under
 * it with the upstream in the path, so that two upstreams cannot meet: `mirror/docker.io/library/nginx`.
 *
 * @throws {ExpectedError} USAGE when two of the repositories would become one, REFERENCE_INVALID when one would be no name.
 */
export function pushNames(
  repositories: readonly string[],
  { registry, prefix }: { registry: string; prefix: string | undefined },
): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Map<string, string>()
  for (const repository of new Set(repositories)) {
    const slash = repository.indexOf('/')
    const [domain, path] = [repository.slice(0, slash), repository.slice(slash + 1)]
    const name = prefix ? `${registry}/${prefix}/${domain.replace(':', '_')}/${path}` : `${registry}/${path}`
    parseReference(name)
    const other = taken.get(name)
    if (other) {
      throw new ExpectedError('USAGE', `${repository} and ${other} would both become ${name}`, {
        hint: 'Add --rewrite PREFIX, which keeps the upstream registry in the path.',
      })
    }
    taken.set(name, repository)
    names.set(repository, name)
  }
  return names
}
