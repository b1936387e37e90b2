import { ExpectedError } from '../../errors.ts'
import type { Reference } from '../../oci/reference.ts'
import { repositoryName } from '../../oci/reference.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import type { EndpointFallback } from './endpoint-fallback.ts'
import { nextPage } from './manifest-response.ts'

/** Asked for at once; registries may give fewer. */
const PAGE = 1000
/** A list that is longer than this many pages is an attack. */
const MAX_PAGES = 100

/**
 * Every tag of a repository, in the order in which the registry lists them.
 *
 * @throws {ExpectedError} MANIFEST_UNKNOWN where there is no such repository, REGISTRY_ERROR for a list that does not end
 */
export async function listTags(registries: EndpointFallback, repository: Reference): Promise<readonly string[]> {
  const subject = { registry: repository.domain, what: `tags of ${repositoryName(repository)}` }
  const ask = async (endpoint: Parameters<Parameters<EndpointFallback['atEndpoints']>[2]>[0]) => {
    const found: string[] = []
    let path: string | undefined = `tags/list?n=${PAGE}`
    for (let pages = 0; path !== undefined; pages++) {
      if (pages === MAX_PAGES) throw endless(subject)
      const response: HttpResponse = await registries.send(endpoint, { path }, subject)
      registries.expect(response, [200], endpoint, subject)
      found.push(...tagsIn(response, subject))
      path = nextPage(response, endpoint, subject)
    }
    return found
  }
  return registries.atEndpoints(repository, subject, ask, { byTag: true })
}

function tagsIn({ body }: HttpResponse, { what, registry }: Subject): string[] {
  try {
    const { tags } = JSON.parse(body.toString('utf8')) as { tags?: unknown }
    // A repository without tags has null.
    if (tags === null || tags === undefined) return []
    if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === 'string')
  } catch {
    // Said below.
  }
  throw new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} answers with what is no list of tags`, {
    hint: 'Name the version exactly, so that no list is needed.',
  })
}

function endless({ what, registry }: Subject): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} lists them without end`, {
    hint: 'Name the version exactly, so that no list is needed.',
  })
}
