import type { RegistryContent } from './content.ts'

/** Other hosts under which clients reach Docker Hub. */
const DOCKER_HUB = new Set(['registry-1.docker.io', 'index.docker.io', 'registry.docker.io'])

/**
 * The repository that a client means. Clients tell the upstream registry in one of four ways: `?ns=quay.io`
 * (containerd), as a prefix of the path (`/v2/quay.io/…`, CRI-O and everyone who copies references), as the host that they
 * believe to ask (helm, Flux and Argo CD, where the name of the registry leads here), or not at all (docker's
 * registry-mirrors); then the name must belong to one upstream only. A port is written `_5000` where a client cannot
 * write `:` in a path.
 */
export function findRepository(
  content: RegistryContent,
  name: string,
  ns: string | null,
  host: string | undefined,
): string | undefined {
  const repositories = content.repositories()
  const { names, underscored, byPath } = namesOf(repositories)
  const upstream = ns && DOCKER_HUB.has(ns) ? 'docker.io' : ns
  const asked = host !== undefined && DOCKER_HUB.has(host) ? 'docker.io' : host
  const wanted = upstream ? [`${upstream}/${name}`, name] : [...(asked === undefined ? [] : [`${asked}/${name}`]), name]
  const exact = wanted.find((candidate) => names.has(candidate))
  const named = exact ?? underscored.get(name)
  if (named || ns) return named
  const bare = [...new Set([name, `library/${name}`])].flatMap((path) => byPath.get(path) ?? [])
  return bare.length === 1 ? bare[0] : undefined
}

interface Names {
  readonly names: ReadonlySet<string>
  readonly underscored: ReadonlyMap<string, string>
  readonly byPath: ReadonlyMap<string, readonly string[]>
}

/** Of each list once: to go through ten thousand names at every request keeps others waiting. */
const known = new WeakMap<readonly string[], Names>()

function namesOf(repositories: readonly string[]): Names {
  const found = known.get(repositories) ?? {
    names: new Set(repositories),
    underscored: new Map(repositories.toReversed().map((repository) => [portAsUnderscore(repository), repository])),
    byPath: Map.groupBy(repositories, pathOf),
  }
  known.set(repositories, found)
  return found
}

function portAsUnderscore(repository: string): string {
  return repository.replace(/^([^/:]+):(\d+)\//, '$1_$2/')
}

function pathOf(repository: string): string {
  return repository.slice(repository.indexOf('/') + 1)
}
