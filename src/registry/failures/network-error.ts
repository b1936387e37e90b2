import { ExpectedError } from '../../errors.ts'
import { PrivateAddressError } from '../http/address-guard.ts'
import { ProxyError } from '../http/proxy.ts'
import { ConnectionError, StalledError } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { type Problem, tlsProblem } from './tls-problem.ts'

/** What an error below HTTP means to a user; everything that is no such error as it is. */
export function networkError({ registry, what }: Subject, error: unknown): unknown {
  if (error instanceof ExpectedError) return error
  const problem = problemOf(error)
  if (!problem) return error
  return new ExpectedError(problem.code ?? 'REGISTRY_UNREACHABLE', `${what}: ${registry}: ${problem.text}`, {
    hint: problem.hint.replaceAll('REGISTRY', registry),
    registry,
    cause: error,
  })
}

/** A certificate or a protocol stays wrong however often one asks. */
export function isLasting(error: unknown): boolean {
  return problemOf(error)?.isLasting === true
}

/** Whoever shows a certificate, wants one, or refuses what we speak inside of https, speaks https. */
export function isOfHttps(error: unknown): boolean {
  return problemOf(error)?.isOfHttps === true
}

function problemOf(error: unknown): Problem | undefined {
  if (error instanceof StalledError) return { text: error.message, hint: AGAIN }
  if (error instanceof ProxyError) return proxyProblem(error)
  if (error instanceof PrivateAddressError) return privateAddress(error)
  if (error instanceof ConnectionError) return placed(connectionProblem(error.cause as Error), error.elsewhere)
  return undefined
}

/** What goes wrong where a registry leads to is not its own. */
function placed(problem: Problem, elsewhere: string | undefined): Problem {
  if (elsewhere === undefined) return problem
  const { text, hint } = problem
  // Who names an address also says whether it speaks https.
  const own = hint.includes('--plain-http') ? '' : `${hint.replaceAll('REGISTRY', elsewhere)} `
  return { ...problem, text: `leads to ${elsewhere}: ${text}`, hint: `${own}${NAMED}` }
}

const NAMED =
  'It is REGISTRY that names this address: behind a proxy it may have to be told its own (X-Forwarded-Host, X-Forwarded-Proto).'

function privateAddress({ host }: PrivateAddressError): Problem {
  const text = `leads to ${host}, an address in a private network, and is not there itself`
  const hint = 'Nothing is asked for there. Ask the operator of the registry who named that address.'
  return { code: 'REGISTRY_ERROR', text, hint, isLasting: true }
}

/** What undici or the system says; whatever it is, the other side or what lies between did it. */
function connectionProblem(error: Error): Problem {
  if (error instanceof PrivateAddressError || error instanceof ProxyError) return problemOf(error) as Problem
  const { code = '', message } = innermost(error)
  if (code === 'UND_ERR_SOCKET' && message === 'bad response') return malformed('100 Continue, which nobody asked for')
  const [text, hint] = PROBLEMS[code] ?? []
  if (text) return { text, hint: hint ?? AGAIN, isLasting: code === 'ENOTFOUND' }
  // undici's parser, or Node's.
  if (error.name === 'HTTPParserError' || code.startsWith('HPE_'))
    return /Expected (?:HTTP|dot)|version/i.test(message) ? OTHER_PROTOCOL : malformed(message)
  return tlsProblem(code, message) ?? { text: `the connection broke (${error.message})`, hint: AGAIN }
}

function proxyProblem({ host, status, offers, reason, cause }: ProxyError): Problem {
  // Some say 401 where the password is wrong, and 407 only where there is none.
  if (status === 407 || status === 401) {
    const isSpoken = offers.length === 0 || offers.some((scheme) => scheme.toLowerCase() === 'basic')
    if (isSpoken)
      return { text: `the proxy ${host} asks for other credentials (${status})`, hint: PROXY, isLasting: true }
    const text = `the proxy ${host} asks for credentials in ways that are not spoken here (${offers.join(', ')})`
    return { text, hint: FORWARDER, isLasting: true }
  }
  if (status !== undefined) {
    const isLasting = status < 500
    return { text: `the proxy ${host} makes no connection to it (${status})`, hint: PROXY, isLasting }
  }
  const { text = reason ?? 'is not reached', isLasting } = cause instanceof Error ? connectionProblem(cause) : {}
  return { text: `the proxy ${host}: ${text}`, hint: PROXY, ...(isLasting && { isLasting }) }
}

const FORWARDER = 'Run a proxy of your own that logs in there, such as cntlm or px, and name that one in HTTPS_PROXY.'
const PROXY =
  'Check HTTPS_PROXY and HTTP_PROXY (http://USER:PASSWORD@HOST:PORT); name hosts that need no proxy in NO_PROXY.'
const OTHER_PROTOCOL: Problem = {
  text: 'speaks something else than HTTP/1.1',
  hint: 'A server that knows only HTTP/2, or no registry at all, answers at REGISTRY: check host and port.',
  isLasting: true,
}
/** What Go reads all the same; the parser of Node does not. */
function malformed(message: string): Problem {
  const [, reason = message] = /\((.*)\)$/.exec(message) ?? []
  const hint =
    'Have the operator of REGISTRY, or of a proxy before it, correct what it writes. To see it: curl -vk https://REGISTRY/v2/'
  return { text: `answers in HTTP that is not well formed (${reason})`, hint, isLasting: true }
}

const AGAIN = 'Run the same command again; check the network and the proxy settings if it stays so.'

const PROBLEMS: Record<string, [text: string, hint?: string]> = {
  ENOTFOUND: ['no such host', 'Check the spelling of the registry, and DNS.'],
  EAI_AGAIN: ['its name cannot be looked up', 'Check DNS and the network.'],
  ECONNREFUSED: ['nothing listens there', 'Check host and port, and that the registry is up.'],
  ECONNRESET: ['the connection was cut'],
  EPIPE: ['the connection was cut'],
  ETIMEDOUT: ['no answer'],
  EHOSTUNREACH: ['no route to it'],
  ENETUNREACH: ['no network'],
  UND_ERR_CONNECT_TIMEOUT: ['no answer'],
  UND_ERR_SOCKET: ['the connection was cut'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: [
    'sends another length than it says (Content-Length)',
    'Run the same command again. If it stays so, have the operator of REGISTRY, or of a proxy before it, look: it may say the length twice, or beside chunks.',
  ],
}

/** undici wraps the socket's error, and several addresses make an AggregateError. */
function innermost(error: Error): { code?: string | undefined; message: string } {
  const { code, cause } = error as NodeJS.ErrnoException
  if (cause instanceof Error && code === 'UND_ERR_SOCKET') {
    const inner = innermost(cause)
    return inner.code ? inner : { code, message: error.message }
  }
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return innermost(error.errors[0])
  return { code, message: error.message }
}
