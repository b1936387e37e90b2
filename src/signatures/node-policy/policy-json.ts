import { ExpectedError } from '../../errors.ts'
import { hasUniqueKeys } from '../../kubernetes/documents/yaml.ts'
import { parseJson } from '../../oci/json.ts'
import type { Reference } from '../../oci/reference.ts'
import { repositoryName } from '../../oci/reference.ts'

/** One thing that a policy.json asks of an image; whoever asks for an unknown one refuses. */
export interface NodeRequirement {
  readonly type: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The policy.json of a node, as far as it is about images from registries. */
export interface PolicyJson {
  /** By scope: a name with its tag or digest, a repository, what it lies below, a host, `*.` and a domain, or nothing. */
  readonly scopes: ReadonlyMap<string, readonly NodeRequirement[]>
  readonly otherwise: readonly NodeRequirement[]
}

/**
 * Source: containers/image, containers-policy.json(5).
 *
 * @throws {ExpectedError} INPUT_INVALID
 */
export function parsePolicyJson(text: string, file: string): PolicyJson {
  const refuse = (problem: string): never => {
    throw new ExpectedError('INPUT_INVALID', `${file}: ${problem}`, {
      hint: 'Name the /etc/containers/policy.json of a node; containers-policy.json(5) says what it holds.',
    })
  }
  const object = (value: unknown, what: string): Record<string, unknown> => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    return refuse(`${what} has to be an object`)
  }
  const requirements = (value: unknown, what: string): NodeRequirement[] => {
    if (!Array.isArray(value) || value.length === 0) return refuse(`${what} has to be a list that is not empty`)
    return value.map((one) => {
      const { type, ...fields } = object(one, what)
      return typeof type === 'string' ? { type, fields } : refuse(`${what}: an entry has no type`)
    })
  }
  let value: unknown
  try {
    value = parseJson(Buffer.from(text))
  } catch {
    return refuse('not JSON')
  }
  if (!hasUniqueKeys(text)) refuse('a key stands twice in one object of it')
  const { default: otherwise, transports = {} } = object(value, 'it')
  const { docker = {} } = object(transports, 'transports')
  const scopes = Object.entries(object(docker, 'transports.docker'))
  return {
    scopes: new Map(scopes.map(([scope, asked]) => [scope, requirements(asked, `transports.docker.${scope}`)])),
    otherwise: requirements(otherwise, 'default'),
  }
}

/** What is asked of an image: by the most specific scope that it is in. */
export function requirementsFor(reference: Reference, { scopes, otherwise }: PolicyJson): readonly NodeRequirement[] {
  for (const scope of scopesOf(reference)) {
    const found = scopes.get(scope)
    if (found) return found
  }
  return scopes.get('') ?? otherwise
}

function scopesOf(reference: Reference): string[] {
  const name = repositoryName(reference)
  const exact = reference.digest ? `${name}@${reference.digest}` : `${name}:${reference.tag ?? 'latest'}`
  const parts = name.split('/')
  const parents = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
  const labels = reference.domain.replace(/:\d+$/, '').split('.')
  const wildcards = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`)
  return [exact, ...parents, ...wildcards]
}
