import { onTestFinished } from 'vitest'
import type { RegistryContent } from '../../src/server/content.ts'
import { listen } from '../../src/server/listen.ts'

/** The URL of a server on a free loopback port that ends with the test. */
export async function startServer(content: RegistryContent): Promise<string> {
  const server = await listen(content)
  onTestFinished(() => server.close())
  return `http://${server.address}`
}
