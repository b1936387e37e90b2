import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { bundleFrom } from './bundle-from.ts'

/** Too large for one answer that is cut. */
const LAYER = randomBytes(400_000)

type Odd = (request: IncomingMessage, response: ServerResponse, content: Buffer) => unknown

const heads = (answer: Odd) =>
  only(({ method, url }) => method === 'HEAD' && url?.includes('/manifests/') === true, answer)
const blobs = (answer: Odd) =>
  only((request, content) => request.method === 'GET' && content.length === LAYER.length, answer)

function only(isMeant: (request: IncomingMessage, content: Buffer) => boolean, answer: Odd): Odd {
  return (request, response, content) => {
    if (!isMeant(request, content)) return false
    answer(request, response, content)
    return true
  }
}

const status =
  (code: number, headers: Record<string, string | number> = {}): Odd =>
  (_request, response) =>
    response.writeHead(code, headers).end()

/** Cuts the first answer in the middle; the rest is asked for, and `answer` gives it. */
function afterCut(answer: Odd): Odd {
  let isCut = false
  // Who asks for the whole once more gets it.
  return blobs((request, response, content) => {
    if (isCut && request.headers.range) return answer(request, response, content)
    if (isCut) return response.writeHead(200, { 'content-length': content.length }).end(content)
    isCut = true
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 100_000), () => response.destroy())
    return true
  })
}

test.for<[what: string, misbehave: Odd, outcome?: string[]]>([
  ...[400, 403, 404, 405, 406, 500, 501].map((code): [string, Odd] => [
    `HEAD of a manifest answers ${code}`,
    heads(status(code)),
  ]),
  [
    'HEAD of a manifest names another digest',
    heads((_request, response, content) =>
      response
        .writeHead(200, {
          'content-type': OCI_MANIFEST,
          'content-length': content.length,
          'docker-content-digest': digestOf('other'),
        })
        .end(),
    ),
  ],
  [
    'HEAD of a manifest names a digest that is none',
    heads((_request, response, content) =>
      response
        .writeHead(200, {
          'content-type': OCI_MANIFEST,
          'content-length': content.length,
          'docker-content-digest': 'sha256:no',
        })
        .end(),
    ),
  ],
  [
    'HEAD of a manifest has no digest and no type',
    heads((_request, response, content) => response.writeHead(200, { 'content-length': content.length }).end()),
  ],
  ['HEAD of a manifest is a web page', heads(status(200, { 'content-type': 'text/html' }))],
  ['HEAD of a manifest answers 204', heads(status(204))],
  [
    'a blob with more bytes than its size',
    blobs((_request, response, content) => response.writeHead(200).end(Buffer.concat([content, Buffer.from('more')]))),
    ['CONTENT_MISMATCH'],
  ],
  [
    'a blob that ends early and says so',
    blobs((_request, response, content) =>
      response.writeHead(200, { 'content-length': 1000 }).end(content.subarray(0, 1000)),
    ),
    ['CONTENT_MISMATCH', 'REGISTRY_UNREACHABLE', 'REGISTRY_ERROR'],
  ],
  [
    'the rest of a blob as the whole',
    afterCut((_request, response, content) =>
      response.writeHead(200, { 'content-length': content.length }).end(content),
    ),
  ],
  [
    'the rest of a blob, of a length nobody knows',
    afterCut((request, response, content) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
      return response
        .writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/*` })
        .end(content.subarray(start))
    }),
  ],
  [
    'the rest of a blob from another place on',
    afterCut((_request, response, content) =>
      response
        .writeHead(206, { 'content-range': `bytes 5-${content.length - 1}/${content.length}` })
        .end(content.subarray(5)),
    ),
  ],
  [
    'the rest of a blob, of which there is more or less',
    afterCut((request, response, content) => {
      const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
      return response
        .writeHead(206, { 'content-range': `bytes ${start}-${content.length}/${content.length + 1}` })
        .end(content.subarray(start))
    }),
  ],
  ['the rest of a blob as nothing', afterCut(status(204))],
])('%s', async ([, misbehave, outcome]) => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [LAYER])
  registry.misbehave = misbehave
  const result = await bundleFrom(registry)
  if (outcome) expect(outcome).toEqual(expect.arrayContaining(result as unknown as string[]))
  else expect(result).toEqual('right')
})
