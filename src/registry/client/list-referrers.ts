import { ExpectedError, endsRun } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { OCI_INDEX } from '../../oci/media-type.ts'
import type { Reference } from '../../oci/reference.ts'
import { parseReferrers, type ReferrerList } from '../../oci/referrers.ts'
import type { Endpoint } from '../config/endpoint.ts'
import { isTransient, responseError } from '../failures/response-error.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import type { EndpointFallback } from './endpoint-fallback.ts'
import { decoded, nextPage, WHOLE } from './manifest-response.ts'

/** A list of referrers longer than this many pages is an attack. */
const MAX_PAGES = 100

/**
 * What the registry lists as attached to a manifest, by its referrers API or else under the fallback tag. What breaks
 * after the first page costs the pages that are missing, and stands in `leftOut`. Source: distribution-spec 1.1.
 *
 * @throws {ExpectedError} where nothing of the list can be had
 */
export async function listReferrers(
  registries: EndpointFallback,
  repository: Reference,
  digest: Digest,
): Promise<ReferrerList> {
  const subject = { registry: repository.domain, what: `referrers of ${digest}` }
  let soFar = new Pages()
  const ask = async (endpoint: Endpoint): Promise<ReferrerList> => {
    const pages = new Pages()
    const get = (path: string) => registries.send(endpoint, { path, headers: { accept: OCI_INDEX } }, subject)
    for (let path: string | undefined = `referrers/${digest}`; path; ) {
      const response: HttpResponse = await get(path)
      if (pages.isEmpty && isUnknown(response)) {
        const fallback = await get(`manifests/${digest.replace(':', '-')}`)
        // Who is refused does not know that there is nothing.
        const isRefused = response.status === 401 || response.status === 403
        if (fallback.status === 404 && isRefused) throw responseError(subject, response)
        if (fallback.status === 404) return { found: [], leftOut: [] }
        registries.expect(fallback, WHOLE, endpoint, subject)
        return referrersIn(fallback, subject)
      }
      registries.expect(response, WHOLE, endpoint, subject)
      pages.add(path, referrersIn(response, subject))
      if (pages.asked.size > soFar.asked.size) soFar = pages
      path = nextPage(response, endpoint, subject)
      if (path && (pages.asked.has(path) || pages.asked.size === MAX_PAGES)) throw endless(subject)
    }
    return pages
  }
  try {
    return await registries.atEndpoints(repository, subject, ask)
  } catch (error) {
    if (soFar.isEmpty || !(error instanceof ExpectedError) || endsRun(error)) throw error
    return { found: soFar.found, leftOut: [...soFar.leftOut, error] }
  }
}

class Pages implements ReferrerList {
  readonly asked = new Set<string>()
  readonly found: Descriptor[] = []
  readonly leftOut: ExpectedError[] = []

  get isEmpty(): boolean {
    return this.asked.size === 0
  }

  add(path: string, { found, leftOut }: ReferrerList): void {
    this.asked.add(path)
    this.found.push(...found)
    this.leftOut.push(...leftOut)
  }
}

/** Whether the registry does not have this API; 501 is how some say so. */
function isUnknown({ status }: HttpResponse): boolean {
  return !WHOLE.includes(status) && (!isTransient(status) || status === 501)
}

/** @throws {ExpectedError} CONTENT_MISMATCH */
function referrersIn(response: HttpResponse, { what, registry }: Subject): ReferrerList {
  return parseReferrers(decoded(response) ?? response.body, `${what} from ${registry}`)
}

function endless({ what, registry }: Subject): ExpectedError {
  return new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} lists them without end`, {
    hint: 'Ask the operator of the registry.',
  })
}
