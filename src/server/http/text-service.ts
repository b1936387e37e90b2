import { type Reply, refusal } from '../registry/reply.ts'
import type { Respond } from './service.ts'

/** Answers some paths with a text that is made anew each time, and nothing else. */
export function textService(texts: Readonly<Record<string, () => string>>): Respond {
  return async ({ url }) => {
    const render = Object.hasOwn(texts, url) ? texts[url] : undefined
    return render ? textReply(render()) : refusal('NAME_UNKNOWN', `there is no ${url}`)
  }
}

function textReply(content: string): Reply {
  const body = Buffer.from(content)
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': `${body.length}` },
    body,
  }
}
