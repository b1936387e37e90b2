import { ExpectedError } from '../../errors.ts'
import { networkError } from '../failures/network-error.ts'
import type { Subject } from '../http/subject.ts'

/**
 * Asks the addresses in a descriptor, in turn, for a layer that its registry may not hand out.
 *
 * @throws {ExpectedError} what the last one answered; BLOB_UNKNOWN when none is an address on the web.
 */
export async function readForeignLayer(
  urls: readonly string[],
  { registry, what }: Subject,
  fetchFrom: (url: URL) => Promise<void>,
): Promise<void> {
  const problem = `does not have it, and none of its addresses can be asked: ${urls.join(', ')}`
  let failure: unknown = new ExpectedError('BLOB_UNKNOWN', `${what}: ${registry} ${problem}`)
  for (const url of urls.filter((text) => URL.canParse(text)).map((text) => new URL(text))) {
    if (!/^https?:$/.test(url.protocol)) continue
    try {
      return await fetchFrom(url)
    } catch (error) {
      failure = networkError({ registry: url.host, what: `${what} of ${registry}` }, error)
    }
  }
  throw failure
}
