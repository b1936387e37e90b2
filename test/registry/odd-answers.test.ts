import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { HashingSink } from '../support/hashing-sink.ts'
import { MemoryRegistry, type Misbehave, sendError } from '../support/memory-registry.ts'
import { bundleFrom } from './bundle-from.ts'

/** Half of it compresses well, so that what is encoded has another length. */
const LAYER = Buffer.concat([randomBytes(150_000), Buffer.alloc(150_000, 'layer')])

/** What a registry, or a proxy before it, does where the bytes are right all the same. */
type Odd = (asked: { request: IncomingMessage; response: ServerResponse; content: Buffer; kind: string }) => unknown

const only = (kinds: string, odd: Odd): Misbehave => {
  return (request, response, content) => {
    const isLayer = content.length === LAYER.length
    const kind = request.url?.includes('/manifests/')
      ? request.method === 'HEAD'
        ? 'head'
        : 'manifest'
      : isLayer
        ? 'layer'
        : 'config'
    return kinds.includes(kind) && odd({ request, response, content, kind })
  }
}

const encoded = (coding: string, encode: (content: Buffer) => Buffer): Odd => {
  return ({ response, content }) => response.writeHead(200, { 'content-encoding': coding }).end(encode(content))
}

const quickBrotli = (content: Buffer) =>
  brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })

/** Cut in the middle once, so that the rest is asked for; then what becomes of that. */
function rest(odd: Odd): Misbehave {
  let cuts = 0
  return only('layer', ({ request, response, content, kind }) => {
    if (!request.headers.range && cuts++ === 0) {
      response.writeHead(200, { 'content-length': content.length })
      return response.write(content.subarray(0, 100_000), () => response.destroy()) || true
    }
    return request.headers.range && odd({ request, response, content, kind })
  })
}

const status = (code: number, headers: Record<string, string> = {}): Odd => {
  return ({ response }) => sendError(response, code, 'UNKNOWN', headers)
}

/** The first so many times for each path. */
const first = (count: number, odd: Odd): Odd => {
  const seen = new Map<string, number>()
  return (asked) => {
    const key = `${asked.request.method} ${asked.request.url}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
    return (seen.get(key) ?? 0) <= count && odd(asked)
  }
}

const PASSING = [408, 425, 499, 500, 501, 502, 503, 504, 507, 508, 520, 521, 522, 523, 524, 525, 526, 527, 529, 599]

test.for<[what: string, misbehave: Misbehave, outcome?: ErrorCode[]]>([
  ...PASSING.map(
    (code) =>
      [`${code} twice, for everything`, only('manifest layer config', first(2, status(code)))] as [string, Misbehave],
  ),
  ...[400, 403, 404, 405, 406, 409, 410, 412, 416, 500, 501, 505].map(
    (code) => [`${code} for the rest`, rest(status(code))] as [string, Misbehave],
  ),
  [
    '206 for everything, without saying which part',
    only('layer config', ({ response, content }) => response.writeHead(206).end(content)),
  ],
  [
    '206 for the rest, without saying which part',
    rest(({ response, content }) => response.writeHead(206).end(content.subarray(100_000))),
  ],
  [
    'the rest encoded',
    rest(({ response, content, request }) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0])
      response.writeHead(206, {
        'content-encoding': 'gzip',
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      })
      return response.end(gzipSync(content.subarray(start)))
    }),
  ],
  ...(['layer', 'config', 'manifest', 'manifest layer config'] as const).flatMap((kinds) => [
    [`gzip: ${kinds}`, only(kinds, encoded('gzip', gzipSync))] as [string, Misbehave],
    [
      `said to be gzip, and is not: ${kinds}`,
      only(
        kinds,
        encoded('gzip', (content) => content),
      ),
    ] as [string, Misbehave],
  ]),
  ['deflate', only('layer manifest', encoded('deflate', deflateSync))],
  ['brotli', only('layer manifest', encoded('br', quickBrotli))],
  ['zstd', only('layer manifest', encoded('zstd', zstdCompressSync))],
  [
    'said to be gzip with its own length',
    only('layer', ({ response, content }) =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': content.length }).end(content),
    ),
  ],
  ...['rot13', 'aws-chunked', 'identity, ', 'aws-chunked, identity'].map(
    (coding) =>
      [
        `encoded as ${coding}, and as it was`,
        only(
          'layer config manifest',
          encoded(coding, (content) => content),
        ),
      ] as [string, Misbehave],
  ),
  [
    'an encoding nobody knows, of a layer',
    only(
      'layer',
      encoded('rot13', (content) => Buffer.concat([content, content])),
    ),
    ['CONTENT_MISMATCH'],
  ],
  [
    'encoded twice',
    only(
      'layer config manifest',
      encoded('gzip, br', (content) => quickBrotli(gzipSync(content))),
    ),
  ],
  [
    'encoded, and in chunks that are none',
    only(
      'layer config manifest',
      encoded('aws-chunked,gzip', (content) => gzipSync(content)),
    ),
  ],
  [
    'a document encoded without a word',
    only('config manifest', ({ response, content }) => response.writeHead(200).end(gzipSync(content))),
  ],
  [
    'HEAD with another length',
    only('head', ({ response, content }) => {
      response.writeHead(200, {
        'content-length': content.length + 7,
        'content-type': 'application/vnd.oci.image.manifest.v1+json',
        'docker-content-digest': digestOf(content),
      })
      return response.end()
    }),
  ],
  [
    'HEAD with another type',
    only('head', ({ response, content }) => {
      response.writeHead(200, {
        'content-length': content.length,
        'content-type': OCI_INDEX,
        'docker-content-digest': digestOf(content),
      })
      return response.end()
    }),
  ],
  [
    'types of no use',
    only('head manifest', ({ response, content, kind }) => {
      response.writeHead(200, {
        'content-length': content.length,
        'content-type': 'text/plain',
        'docker-content-digest': digestOf(content),
      })
      return response.end(kind === 'head' ? undefined : content)
    }),
  ],
  [
    'no headers at all',
    only('head manifest layer config', ({ response, content, kind }) =>
      response.writeHead(200).end(kind === 'head' ? undefined : content),
    ),
  ],
  [
    'a login page',
    only('head manifest layer config', ({ response, kind }) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(kind === 'head' ? undefined : '<!DOCTYPE html><title>Sign in</title>'),
    ),
    ['REGISTRY_ERROR'],
  ],
])('%s', async ([, misbehave, outcome]) => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  registry.misbehave = misbehave
  expect(await bundleFrom(registry)).toEqual(outcome ?? 'right')
})

async function failureOf(headers: Record<string, string>, body: Buffer): Promise<Error & { hint?: string }> {
  const registry = await MemoryRegistry.start()
  registry.misbehave = (_request, response) => response.writeHead(200, headers).end(body)
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  const content = { mediaType: OCI_CONFIG, digest: digestOf('wanted'), size: 6 }
  return client.readDocument(parseReference(`${registry.host}/app`), content).catch((error) => error)
}

test('an error names what was promised, what came, and how it was encoded', async () => {
  const body = gzipSync('other')
  const { message } = await failureOf({ 'content-encoding': 'gzip' }, body)
  expect(message).toContain(`promised ${digestOf('wanted')} and sent ${body.length} bytes with ${digestOf(body)}`)
  expect(message).toContain('(content-encoding: gzip)')
})

test('a page for people is named as one', async () => {
  const { message, hint } = await failureOf(
    { 'content-type': 'text/html' },
    Buffer.from('<html><title>Sign\nin</title>'),
  )
  expect(message).toContain('answers with a web page (Sign in)')
  expect(hint).toContain('Something else than a registry answers')
})

/** Reads the layer as if it had so many bytes, into what stops where those end. */
async function readAs(size: number, misbehave?: Misbehave): Promise<Error> {
  const registry = await MemoryRegistry.start()
  const blob = { ...registry.addBlob('app', LAYER), size }
  registry.misbehave = misbehave
  const client = new RegistryClient({ retry: { attempts: 4, delay: 1 } })
  onTestFinished(() => client.close())
  const failure = await client
    .readBlob(parseReference(`${registry.host}/app`), blob, new HashingSink())
    .catch((error) => error)
  return Object.assign(failure, { asked: registry.requests.length })
}

test.for([0, 1, LAYER.length - 1, LAYER.length + 1, 1e9])(
  'a manifest that gives a blob the wrong size (%d) is what is said to be wrong, and that at once',
  async (size) => {
    expect(await readAs(size)).toMatchObject({
      message: expect.stringContaining(`has ${LAYER.length} bytes with this digest, and the manifest says ${size}`),
      hint: expect.stringContaining('The manifest is wrong'),
      asked: 1,
    })
  },
)

test.for<[what: string, misbehave: Misbehave]>([
  ['cut in the middle once', rest(() => false)],
  ['refused for the rest', rest(status(416))],
])('so is one whose blob is %s', async ([, misbehave]) => {
  for (const size of [LAYER.length - 1, LAYER.length + 1]) {
    expect((await readAs(size, misbehave)).message).toContain(`and the manifest says ${size}`)
  }
})

test('bytes of another digest are wrong whatever the manifest says of their size', async () => {
  const other = Buffer.alloc(LAYER.length)
  const odd = only('layer', ({ response }) => response.end(other))
  expect((await readAs(LAYER.length - 1, odd)).message).toContain('sends more than its')
  expect((await readAs(LAYER.length + 1, odd)).message).toMatch(/sent only|refuses to send the rest/)
})
