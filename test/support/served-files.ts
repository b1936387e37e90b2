import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** Files by the path of their address; what is changed later is served so. */
export type ServedFiles = Map<string, string | Buffer>

/** `http://127.0.0.1:PORT` of a server of files, which ends with the test. */
export async function serveFiles(files: ServedFiles): Promise<string> {
  const server = createServer((request, response) => {
    const content = files.get(request.url ?? '')
    if (content === undefined) response.writeHead(404)
    response.end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
