import { ExpectedError } from '../errors.ts'
import { type Digest, digestProblem } from './digest.ts'

/** An image reference, normalized: `nginx` has domain `docker.io`, path `library/nginx`, and neither tag nor digest. */
export interface Reference {
  readonly domain: string
  readonly path: string
  readonly tag: string | undefined
  readonly digest: Digest | undefined
}

// reference = [domain "/"] path [":" tag] ["@" digest]
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*'
const PATH = `${COMPONENT}(?:/${COMPONENT})*`
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const REFERENCE = new RegExp(`^((?:${DOMAIN}/)?${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`)
const NAME = new RegExp(`^(?:(${DOMAIN})/)?(${PATH})$`)

const MAX_PATH_LENGTH = 255

/**
 * Reads an image reference as a node's runtime does, with the same errors: distribution/reference v0.6.0,
 * `ParseNormalizedNamed`. No tag is added; {@link criForm} does that.
 *
 * @throws {ExpectedError} REFERENCE_INVALID, quoting the text and the reason.
 */
export function parseReference(text: string): Reference {
  const reference = read(text)
  if (typeof reference === 'string') throw invalid(text, reference)
  return reference
}

/** The reference, or undefined when the text is none. */
export function findReference(text: string): Reference | undefined {
  const reference = read(text)
  return typeof reference === 'string' ? undefined : reference
}

/** Why a text is no reference; undefined when it is one. */
export function referenceProblem(text: string): string | undefined {
  const reference = read(text)
  return typeof reference === 'string' ? reference : undefined
}

/** The last answers: manifests name the same images again and again, and each is asked for several times. */
const answers = new Map<string, Reference | string>()
const MAX_ANSWERS = 5000

function read(text: string): Reference | string {
  const known = answers.get(text)
  if (known !== undefined) return known
  if (answers.size >= MAX_ANSWERS) answers.clear()
  const answer = readAnew(text)
  // A copy, because a text from a parser is a window on a whole file, which the key would keep in memory.
  answers.set(JSON.parse(JSON.stringify(text)), answer)
  return answer
}

/** The reference, or the reason why the text is none: most texts of a scan are none, and an error costs its stack. */
function readAnew(text: string): Reference | string {
  if (/^[a-f0-9]{64}$/.test(text)) return 'a name cannot be 64 hexadecimal characters'
  const normalized = normalize(text)
  const colon = normalized.rest.indexOf(':')
  const remote = colon < 0 ? normalized.rest : normalized.rest.slice(0, colon)
  if (remote.toLowerCase() !== remote) return `repository name (${remote}) must be lowercase`
  const match = REFERENCE.exec(`${normalized.domain}/${normalized.rest}`)
  const [, domain = '', path = ''] = match ? (NAME.exec(match[1] ?? '') ?? []) : []
  if (!match || !path) return 'invalid reference format'
  if (path.length > MAX_PATH_LENGTH) return `repository name is longer than ${MAX_PATH_LENGTH} characters`
  const [, , tag, digest] = match
  const problem = digest && digestProblem(digest)
  return problem || { domain, path, tag, digest: digest as Digest | undefined }
}

/** `docker.io/library/nginx`: domain and path. */
export function repositoryName({ domain, path }: Reference): string {
  // `foo_bar.com/app` parses to an empty domain, as in Go: a domain label may not hold `_`.
  return domain ? `${domain}/${path}` : path
}

/**
 * The name under which container runtimes look an image up: `domain/path@digest` where there is a digest, whatever the
 * tag, else `domain/path:tag` with `latest` as the default. The key of every lookup here.
 */
export function criForm(reference: Reference): string {
  const name = repositoryName(reference)
  return reference.digest ? `${name}@${reference.digest}` : `${name}:${reference.tag ?? 'latest'}`
}

/** The reference as complete text: domain and path, then the tag and the digest that it has. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag ? `:${reference.tag}` : ''
  const digest = reference.digest ? `@${reference.digest}` : ''
  return `${repositoryName(reference)}${tag}${digest}`
}

function normalize(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/')
  if (slash < 0) return { domain: 'docker.io', rest: `library/${text}` }
  const first = text.slice(0, slash)
  const rest = text.slice(slash + 1)
  if (first === 'index.docker.io') return { domain: 'docker.io', rest: official(rest) }
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first
  if (!isDomain) return { domain: 'docker.io', rest: official(text) }
  return { domain: first, rest: first === 'docker.io' ? official(rest) : rest }
}

function official(rest: string): string {
  return rest.includes('/') ? rest : `library/${rest}`
}

function invalid(text: string, reason: string): ExpectedError {
  return new ExpectedError('REFERENCE_INVALID', `not an image reference: ${JSON.stringify(text)}: ${reason}`, {
    hint: 'Write it as registry/repository:tag or registry/repository@sha256:<64 hex>, the repository in lower case.',
  })
}
