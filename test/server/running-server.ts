import { onTestFinished } from 'vitest'
import { type ListenOptions, listen } from '../../src/server/http/listen.ts'
import { registryService, type ServiceOptions } from '../../src/server/http/service.ts'
import type { RegistryContent } from '../../src/server/registry/content.ts'

/** `127.0.0.1:PORT` of a registry on a free loopback port that ends with the test. */
export async function startServer(
  content: RegistryContent,
  { listening = {}, ...service }: ServiceOptions & { listening?: ListenOptions } = {},
): Promise<string> {
  const server = await listen(registryService({ lease: () => ({ content, release() {} }) }, service), listening)
  onTestFinished(() => server.close())
  return server.address
}
