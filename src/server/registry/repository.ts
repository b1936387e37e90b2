import type { RegistryContent } from './content.ts'

/** Other hosts under which clients reach Docker Hub. */
const DOCKER_HUB = new Set(['registry-1.docker.io', 'index.docker.io', 'registry.docker.io'])

/**
 * The repository that a client means. Clients tell the upstream registry in one of three ways: `?ns=quay.io`
 * (containerd), as a prefix of the path (`/v2/quay.io/…`, CRI-O and everyone who copies references), or not at all
 * (docker's registry-mirrors); then the name must belong to one upstream only. A port is written `_5000` where a
 * client cannot write `:` in a path.
 */
export function findRepository(content: RegistryContent, name: string, ns: string | null): string | undefined {
  const repositories = content.repositories()
  const upstream = ns && DOCKER_HUB.has(ns) ? 'docker.io' : ns
  const wanted = upstream ? [`${upstream}/${name}`, name] : [name]
  const exact = wanted.find((candidate) => repositories.includes(candidate))
  const named = exact ?? repositories.find((repository) => portAsUnderscore(repository) === name)
  if (named || ns) return named
  const bare = repositories.filter((repository) => [name, `library/${name}`].includes(pathOf(repository)))
  return bare.length === 1 ? bare[0] : undefined
}

function portAsUnderscore(repository: string): string {
  return repository.replace(/^([^/:]+):(\d+)\//, '$1_$2/')
}

function pathOf(repository: string): string {
  return repository.slice(repository.indexOf('/') + 1)
}
