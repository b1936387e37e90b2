import { ExpectedError } from '../../errors.ts'
import { Transports } from '../../registry/client/transports.ts'
import { networkError } from '../../registry/failures/network-error.ts'
import { followRedirects } from '../../registry/http/follow-redirects.ts'
import { proxiesFrom } from '../../registry/http/proxy.ts'
import { decodeText } from './input-text.ts'

/** Milliseconds in which something has to happen. */
const TIMEOUT = 30_000

/**
 * The text at an address, which the user has named: at most 8 MiB, by the proxy that the environment says.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE for another answer than 200; REGISTRY_UNREACHABLE and what connections meet.
 */
export async function readRemoteText(url: URL): Promise<string> {
  return decodeText(await readRemoteBytes(url), url.href)
}

/** The bytes at an address, as {@link readRemoteText} reads it. */
export async function readRemoteBytes(url: URL): Promise<Buffer> {
  const transports = new Transports({ proxies: proxiesFrom(process.env) }, TIMEOUT)
  const endpoint = { base: url, path: '', repository: '' }
  try {
    const response = await followRedirects(
      { url, method: 'GET', headers: { accept: 'text/plain, */*' } },
      {
        dispatcher: await transports.of(endpoint),
        timeouts: { headTimeout: TIMEOUT, bodyTimeout: TIMEOUT },
        elsewhere: (target) => transports.elsewhere(endpoint, target),
      },
    )
    if (response.status !== 200) {
      throw new ExpectedError('INPUT_UNREADABLE', `${url.href}: answers with status ${response.status}`, {
        hint: 'Look at the address; or download the file by other means, and name it.',
      })
    }
    return response.body
  } catch (error) {
    throw networkError({ registry: url.host, what: url.pathname }, error)
  } finally {
    await transports.destroy(new Error('done'))
  }
}
