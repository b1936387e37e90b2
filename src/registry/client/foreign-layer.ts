import { ExpectedError } from '../../errors.ts'
import { isPrivate } from '../config/endpoint.ts'
import { networkError } from '../http/network-error.ts'

/**
 * Asks the addresses in a descriptor, in turn, for a layer that its registry may not hand out: public hosts, or those in
 * the registry's own network.
 *
 * @throws {ExpectedError} what the last one answered; BLOB_UNKNOWN when none may be asked.
 */
export async function readForeignLayer(
  urls: readonly string[],
  registry: URL,
  fetchFrom: (url: URL) => Promise<void>,
): Promise<void> {
  let failure: unknown = new ExpectedError('BLOB_UNKNOWN', `none of its addresses can be asked: ${urls.join(', ')}`)
  for (const url of urls.filter((text) => URL.canParse(text)).map((text) => new URL(text))) {
    if (!/^https?:$/.test(url.protocol) || (isPrivate(url.hostname) && !isPrivate(registry.hostname))) continue
    try {
      return await fetchFrom(url)
    } catch (error) {
      failure = networkError({ registry: url.host, what: url.pathname }, error)
    }
  }
  throw failure
}
