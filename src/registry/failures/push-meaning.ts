import type { ErrorCode } from '../../errors.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { registryWords } from './registry-words.ts'

/** What an answer is to a user: its code, what the registry does, and what helps. `REGISTRY` stands for its name. */
export type Meaning = readonly [code: ErrorCode, problem: string, hint: string]

/**
 * What an answer to a push means, where it is another thing than for a pull; undefined where it is not. Registries say it
 * in words of their own: these are Harbor's, ECR's, Quay's, GitLab's and Artifactory's, and nginx's status.
 */
export function pushMeaning({ repository = '' }: Subject, response: HttpResponse): Meaning | undefined {
  const { status } = response
  const words = registryWords(response)
  const [project = ''] = repository.split('/')
  if (status === 413) return TOO_LARGE
  if (status === 507 || /quota|storage (?:resource|limit)|insufficient storage|no space left/i.test(words)) return QUOTA
  if (status < 500 && IS_IMMUTABLE.test(words)) return IMMUTABLE
  if (status === 405 || (status < 500 && /write disabled|read.?only|maintenance mode|freeze/i.test(words))) {
    return ['UNSUPPORTED', `takes no pushes (${status})`, READ_ONLY]
  }
  if (status < 500 && /deploying to groups|no local repository|local deployment/i.test(words)) {
    return ['UNSUPPORTED', `takes no pushes there (${status})`, READ_ONLY]
  }
  if (status < 500 && /NAME_INVALID/.test(words)) return NAME
  if ((status === 400 || status === 404) && /BLOB_UNKNOWN|MANIFEST_UNKNOWN|unknown blob/i.test(words)) return LOST
  if (/project\b.*not (?:found|exist)/i.test(words)) {
    return ['DENIED', `has no project ${project}`, `Create the project ${project} at REGISTRY first.`]
  }
  if (status === 404 || /NAME_UNKNOWN|repository\b.*(?:not (?:found|exist)|does not exist)/i.test(words)) {
    const hint = `Create the repository ${repository} at REGISTRY first, or let it create what is pushed.`
    return ['DENIED', `does not take it: there may be no ${repository}`, hint]
  }
  if (status === 403) return DENIED
  if (status === 401) return undefined
  return OTHERS[status] ?? (status < 300 ? undefined : ['REGISTRY_ERROR', `answers ${status}`, AGAIN])
}

/** In the words of ECR, Harbor, GitLab, Artifactory and Nexus. */
const IS_IMMUTABLE =
  /immutable|cannot be overwritten|already.?exists?|protected|permissions to delete\/overwrite|not allow updating|immutability|updating is not allowed/i

const AGAIN = 'Run the same command again later: it sends only what is missing.'
const TOO_LARGE: Meaning = [
  'REGISTRY_ERROR',
  'or a proxy before it takes no upload of this size (413)',
  'Raise the limit of the proxy before REGISTRY (nginx: client_max_body_size 0).',
]
const QUOTA: Meaning = ['DENIED', 'has no room left for it', 'Raise the quota there, or delete what is not needed.']
const IMMUTABLE: Meaning = [
  'DENIED',
  'lets nobody change what is there',
  'Delete the tag there or lift its protection, or push under another path with --rewrite PREFIX.',
]
const NAME: Meaning = [
  'REGISTRY_ERROR',
  'does not take a repository of that name',
  'Push under a path that it takes, such as that of a project, with --rewrite PREFIX.',
]
const READ_ONLY = 'It may be a proxy cache or set to read-only: push to a repository that takes images.'
const LOST: Meaning = [
  'REGISTRY_ERROR',
  'does not find a part of it that it was sent before',
  'Run the same command again: only what is missing is sent. Ask the operator of REGISTRY if it stays so.',
]
const DENIED: Meaning = [
  'DENIED',
  'denies the push',
  'Check that the account may push to this repository, and the spelling of its name.',
]
const OTHERS: Record<number, Meaning> = {
  400: ['REGISTRY_ERROR', 'refuses it (400)', 'Ask the operator of REGISTRY what it takes.'],
  409: [
    'REGISTRY_ERROR',
    'refuses it for what is there (409)',
    `Another push of it may go on, or its tag may be kept from changes. ${AGAIN} If it stays so, push under another path with --rewrite PREFIX.`,
  ],
  415: [
    'UNSUPPORTED',
    'does not take this kind of content (415)',
    'It may know images of docker alone, or no artifacts: have the operator of REGISTRY allow their media types, or push to another registry.',
  ],
  429: ['TOOMANYREQUESTS', 'limits our requests', `${AGAIN} With --max-connections 2 it asks for less at a time.`],
}
