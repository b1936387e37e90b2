import { logLine } from './http/access-log.ts'
import type { Authorize } from './http/basic-auth.ts'
import { type ListenAddress, listen, type ServerKeyPair } from './http/listen.ts'
import { Metrics } from './http/metrics.ts'
import { registryService } from './http/service.ts'
import type { RegistryContent } from './registry/content.ts'
import { ReplaceableContent } from './registry/lease.ts'

/** What the server is made from, and made from again when it is told to reload. */
export interface ServerSources {
  /** Opens what is to be served. */
  open(): Promise<{ readonly content: RegistryContent; close(): Promise<void> }>
  /** Left out: plain HTTP. */
  readTls?: (() => Promise<ServerKeyPair>) | undefined
}

export interface RegistryServerOptions {
  readonly endpoint: ListenAddress
  readonly authorize?: Authorize | undefined
  /** Takes a line for each answered request. */
  readonly onLog?: ((line: string) => void) | undefined
  /** Hears why a request could not be answered. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface RegistryServer {
  /** `127.0.0.1:5000` */
  readonly address: string
  readonly content: RegistryContent
  /** Opens the sources again. When that fails it throws, and what was served goes on. */
  reload(): Promise<void>
  /** Lets answers that are under way end for at most `grace` milliseconds. */
  stop(grace: number): Promise<void>
}

/** A registry with log and metrics whose content and certificate can be replaced while it runs. */
export async function startRegistryServer(
  sources: ServerSources,
  options: RegistryServerOptions,
): Promise<RegistryServer> {
  const { endpoint, authorize, onLog, onError } = options
  const opened = await sources.open()
  const contents = new ReplaceableContent(opened.content, opened.close)
  const metrics = new Metrics()
  const server = await listen(registryService(contents, { authorize, metrics }), {
    endpoint,
    tls: await sources.readTls?.(),
    ...(onError && { onError }),
    onBegin: () => metrics.begin(),
    onEnd: (exchange) => {
      metrics.end(exchange)
      onLog?.(logLine(exchange, new Date()))
    },
  })
  return {
    address: server.address,
    get content() {
      return contents.content
    },
    async reload() {
      const tls = await sources.readTls?.()
      const next = await sources.open()
      if (tls) server.replaceTls(tls)
      contents.replace(next.content, next.close)
    },
    async stop(grace) {
      await server.close(grace)
      await contents.close()
    },
  }
}
