import { RegistryClient } from '../registry/client/registry-client.ts'
import { listen } from '../server/http/listen.ts'
import { registryService } from '../server/http/service.ts'
import { demoContent } from './images.ts'

/** A registry with the images of the demo on a free loopback port, and a client that asks it for all of them. */
export async function startEmbeddedRegistry(): Promise<{ client: RegistryClient; stop(): Promise<void> }> {
  const content = await demoContent()
  const server = await listen(registryService({ lease: () => ({ content, release() {} }) }))
  const domains = new Set(content.repositories().map((repository) => repository.slice(0, repository.indexOf('/'))))
  const mirrors = [...domains].map((domain) => ({ from: domain, to: `${server.address}/${domain}` }))
  const client = new RegistryClient({ mirrors })
  return {
    client,
    async stop() {
      await client.close()
      await server.close()
    },
  }
}
