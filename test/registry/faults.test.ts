import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { MemoryRegistry, type Misbehave, sendError } from '../support/memory-registry.ts'
import { bundleFrom } from './bundle-from.ts'

const LAYER = randomBytes(300_000)
const isLayer = (content: Buffer) => content.length === LAYER.length

async function startRegistry(): Promise<MemoryRegistry> {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  return registry
}

/** Misbehaves for the layer, the first so many times. */
function times(count: number, misbehave: Misbehave): Misbehave {
  let left = count
  return (request, response, content) => isLayer(content) && left-- > 0 && misbehave(request, response, content)
}

const ALWAYS = Number.POSITIVE_INFINITY

const startOf = (range = '') => Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0)

/** Sends so many bytes of what was asked for and then cuts the connection. */
function cutAfter(bytes: number): Misbehave {
  return ({ headers }, response, content) => {
    const start = startOf(headers.range)
    if (start + bytes >= content.length) return false
    response.writeHead(start ? 206 : 200, {
      'content-length': content.length - start,
      ...(start && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    })
    return response.write(content.subarray(start, start + bytes), () => response.destroy()) || true
  }
}

const answer = (status: number, headers: Record<string, string> = {}): Misbehave => {
  return (_request, response) => sendError(response, status, 'UNKNOWN', headers)
}

const flipped = (content: Buffer) => Buffer.from(content.map((byte, at) => (at === 1000 ? byte ^ 1 : byte)))

/** Cut once in the middle, so that the rest is asked for; then what the registry does with that. */
function afterCut(misbehave: Misbehave): Misbehave {
  const cut = times(1, cutAfter(100_000))
  return (request, response, content) =>
    cut(request, response, content) ||
    (isLayer(content) && request.headers.range && misbehave(request, response, content))
}

test.for<[what: string, misbehave: Misbehave, outcome: ErrorCode[] | 'right']>([
  ['cut after every 1000 bytes', cutAfter(1000), 'right'],
  ['cut after every 65536 bytes', cutAfter(65_536), 'right'],
  [
    'cut before the first byte, always',
    (_, response, content) => isLayer(content) && response.destroy(),
    ['REGISTRY_UNREACHABLE'],
  ],
  ['wrong bytes once', times(1, (_, response, content) => response.end(flipped(content))), 'right'],
  ['wrong bytes always', times(ALWAYS, (_, response, content) => response.end(flipped(content))), ['CONTENT_MISMATCH']],
  [
    'a short body that claims to be whole, once',
    times(1, (_, response, content) => response.end(content.subarray(0, 5000))),
    'right',
  ],
  ['a long body once', times(1, (_, response, content) => response.end(Buffer.concat([content, content]))), 'right'],
  [
    'a long body always',
    times(ALWAYS, (_, response, content) => response.end(Buffer.concat([content, content]))),
    ['CONTENT_MISMATCH'],
  ],
  ['no answer once', times(1, () => true), 'right'],
  ['no answer ever', times(ALWAYS, () => true), ['REGISTRY_UNREACHABLE']],
  [
    'a stall inside the body once',
    times(1, (_, response, content) => response.write(content.subarray(0, 50_000)) || true),
    'right',
  ],
  [
    'slow loris: a byte now and then',
    times(ALWAYS, (_, response, content) => {
      response.writeHead(200, { 'content-length': content.length })
      const timer = setInterval(() => response.write('x'), 20)
      return response.on('close', () => clearInterval(timer))
    }),
    ['REGISTRY_UNREACHABLE'],
  ],
  ['404', times(ALWAYS, answer(404)), ['BLOB_UNKNOWN']],
  ['416 for the whole', times(ALWAYS, answer(416)), ['REGISTRY_ERROR']],
  ['416 for the rest', afterCut(answer(416)), 'right'],
  ['429 twice', times(2, answer(429)), 'right'],
  ['429 with Retry-After', times(1, answer(429, { 'retry-after': '1' })), 'right'],
  ['429 with a Retry-After of an hour', times(ALWAYS, answer(429, { 'retry-after': '3600' })), ['TOOMANYREQUESTS']],
  ['429 always', times(ALWAYS, answer(429)), ['TOOMANYREQUESTS']],
  ['500 twice', times(2, answer(500)), 'right'],
  ['502 twice', times(2, answer(502)), 'right'],
  ['503 twice', times(2, answer(503)), 'right'],
  ['500 always', times(ALWAYS, answer(500)), ['REGISTRY_ERROR']],
  ['Range ignored', afterCut((_, response, content) => response.end(content)), 'right'],
  [
    'another range than asked for',
    afterCut((_, response, content) => {
      response.writeHead(206, { 'content-range': `bytes 5-${content.length - 1}/${content.length}` })
      return response.end(content.subarray(5))
    }),
    'right',
  ],
  [
    'a Content-Range that lies about the bytes',
    afterCut(({ headers }, response, content) => {
      const start = startOf(headers.range)
      response.writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` })
      return response.end(content.subarray(0, content.length - start))
    }),
    'right', // the whole is asked for anew
  ],
  [
    'gzip by a proxy once',
    times(1, (_, response, content) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(content))),
    'right',
  ],
  [
    'gzip by a proxy always',
    times(ALWAYS, (_, response, content) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(content)),
    ),
    'right',
  ],
  [
    'a redirect to itself',
    times(ALWAYS, ({ url }, response) => response.writeHead(307, { location: url }).end()),
    ['REGISTRY_ERROR'],
  ],
  ['a redirect to nowhere', times(ALWAYS, (_, response) => response.writeHead(307).end()), ['REGISTRY_ERROR']],
  [
    'a redirect to a file',
    times(ALWAYS, (_, response) => response.writeHead(307, { location: 'file:///etc/passwd' }).end()),
    ['REGISTRY_ERROR'],
  ],
  ['a manifest that is cut once', once((_, response) => response.destroy()), 'right'],
  ['a manifest of other bytes once', once((_, response) => response.end('{"schemaVersion":2}')), 'right'],
  [
    'a manifest without end',
    (request, response) => {
      if (request.method === 'HEAD' || !request.url?.includes('/manifests/')) return false
      const pour = () => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return
      }
      pour()
      return response.on('drain', pour)
    },
    ['REGISTRY_ERROR'],
  ],
  ['HEAD that is not allowed', ({ method }, response) => method === 'HEAD' && response.writeHead(405).end(), 'right'],
])('%s', async ([, misbehave, outcome]) => {
  const registry = await startRegistry()
  registry.misbehave = misbehave
  expect(await bundleFrom(registry)).toEqual(outcome)
})

/** Misbehaves at the first GET of a manifest. */
function once(misbehave: Misbehave): Misbehave {
  let done = false
  return (request, response, content) => {
    if (done || request.method !== 'GET' || !request.url?.includes('/manifests/')) return false
    done = true
    return misbehave(request, response, content)
  }
}

/** Storage on another host, as registries have; `answers` are its statuses in order, then 200. Gives what it was sent. */
async function startStorage(answers: number[]) {
  const seen: { authorization: string | undefined; status: number }[] = []
  const server = createServer((request, response) => {
    const status = answers[seen.length] ?? (request.headers.range ? 206 : 200)
    seen.push({ authorization: request.headers.authorization, status })
    response.writeHead(status).end(status === 200 ? LAYER : undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { seen, location: `http://127.0.0.1:${(server.address() as AddressInfo).port}/signed` }
}

test.for<[what: string, answers: number[]]>([
  ['at once', []],
  ['after a link that expired: 403', [403]],
  ['after a 401 that is not the registry’s', [401]],
  ['after a 404 of a cache', [404]],
])('storage on another host gives the blob %s, and never sees credentials', async ([, answers]) => {
  const registry = await startRegistry()
  const { seen, location } = await startStorage(answers)
  let asked = 0
  registry.misbehave = ({ url, headers }, response, content) => {
    if (!headers.authorization)
      return sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
    if (!isLayer(content) || !url) return false
    asked++
    return response.writeHead(307, { location }).end()
  }
  expect(await bundleFrom(registry, async () => ({ username: 'u', password: 'p' }))).toBe('right')
  expect(seen.map(({ authorization }) => authorization)).toEqual(seen.map(() => undefined))
  expect(asked).toBe(answers.length + 1)
})

test('a token that expires on the way is renewed', async () => {
  const registry = await startRegistry()
  let tokens = 0
  let uses = 0
  const cut = cutAfter(60_000)
  registry.misbehave = (request, response, content) => {
    const { url = '', headers } = request
    if (url.startsWith('/token')) {
      tokens++
      uses = 0
      return response.end(JSON.stringify({ token: `t${tokens}` }))
    }
    const isGood = headers.authorization === `Bearer t${tokens}` && uses++ < 2
    const realm = `http://${registry.host}/token`
    if (!isGood)
      return sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${realm}",service="s"` })
    return isLayer(content) && cut(request, response, content)
  }
  expect(await bundleFrom(registry)).toBe('right')
  expect(tokens).toBeGreaterThan(2)
})

test('a layer that the registry may not hand out comes from the address in its descriptor', async () => {
  const registry = await startRegistry()
  const { seen, location } = await startStorage([])
  const layer = { ...registry.addBlob('app', LAYER), urls: ['file:///etc/passwd', location] }
  const config = registry.addBlob('app', Buffer.from('{"os":"linux","architecture":"amd64"}'), OCI_CONFIG)
  registry.addManifest('app', '1', { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }, OCI_MANIFEST)
  registry.misbehave = (_, response, content) => isLayer(content) && sendError(response, 404, 'BLOB_UNKNOWN')
  expect(await bundleFrom(registry)).toBe('right')
  expect(seen).toHaveLength(1)
})
