import { onTestFinished } from 'vitest'
import type { RegistryContent } from '../../src/server/content.ts'
import { type ListenOptions, listen } from '../../src/server/listen.ts'
import { registryService, type ServiceOptions } from '../../src/server/service.ts'

/** `127.0.0.1:PORT` of a registry on a free loopback port that ends with the test. */
export async function startServer(
  content: RegistryContent,
  { listening = {}, ...service }: ServiceOptions & { listening?: ListenOptions } = {},
): Promise<string> {
  const server = await listen(registryService({ lease: () => ({ content, release() {} }) }, service), listening)
  onTestFinished(() => server.close())
  return server.address
}
