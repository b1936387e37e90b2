import { answer, type RegistryRequest } from '../registry/answer.ts'
import type { ContentSource } from '../registry/lease.ts'
import { type Reply, refusal } from '../registry/reply.ts'
import type { Authorize } from './basic-auth.ts'
import type { Metrics } from './metrics.ts'

export interface ServiceOptions {
  /** Left out: everyone may read. */
  readonly authorize?: Authorize | undefined
  readonly metrics?: Metrics | undefined
}

/** Decides the answer to every request. */
export type Respond = (request: RegistryRequest) => Promise<Reply>

/** The registry, with `/healthz` open to all and `/metrics` to whom the registry is open. */
export function registryService(contents: ContentSource, { authorize, metrics }: ServiceOptions = {}): Respond {
  return async (request) => {
    if (request.url === '/healthz') return text('ok\n')
    if (authorize && !authorize(request.headers.authorization as string | undefined)) {
      return refusal('UNAUTHORIZED', 'user and password needed', {
        headers: { 'www-authenticate': 'Basic realm="nodeseed", charset="UTF-8"' },
      })
    }
    if (metrics && request.url === '/metrics') return text(metrics.render(process.memoryUsage.rss()))
    const { content, release } = contents.lease()
    try {
      return { ...(await answer(content, request)), release }
    } catch (error) {
      release()
      throw error
    }
  }
}

function text(content: string): Reply {
  const body = Buffer.from(content)
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': `${body.length}` },
    body,
  }
}
