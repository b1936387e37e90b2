import type { Socket } from 'node:net'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import { ExpectedError } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { startRawServer } from './raw-server.ts'

const CONTENT = Buffer.from('content')
const DIGEST = digestOf(CONTENT)
const SIZE = CONTENT.length
const OPTIONS = {
  retry: { attempts: 2, delay: 1 },
  timeouts: { headTimeout: 200, bodyTimeout: 200, answerTimeout: 400 },
  findCredentials: async () => ({ username: 'robot', password: 'secret-password' }),
}

/** Everything that a registry is asked for. */
const QUESTIONS: Record<string, (host: string, read: RegistryClient, write: UploadClient) => Promise<unknown>> = {
  resolve: (host, read) => read.resolve(parseReference(`${host}/app:1`)),
  config: (host, read) =>
    read.readDocument(parseReference(`${host}/app`), { mediaType: OCI_CONFIG, digest: DIGEST, size: SIZE }),
  manifest: (host, read) =>
    read.readDocument(parseReference(`${host}/app`), { mediaType: OCI_MANIFEST, digest: DIGEST, size: SIZE }),
  referrers: (host, read) => read.listReferrers(parseReference(`${host}/app`), DIGEST),
  blob: (host, read) => {
    const sink = {
      received: 0,
      write(chunk: Uint8Array): undefined {
        this.received += chunk.length
      },
    }
    return read.readBlob(parseReference(`${host}/app`), { mediaType: OCI_LAYER_GZIP, digest: DIGEST, size: SIZE }, sink)
  },
  'blob there': (host, _, write) =>
    write.hasBlob(`${host}/app`, { mediaType: OCI_LAYER_GZIP, digest: DIGEST, size: SIZE }),
  mount: (host, _, write) =>
    write.mountBlob(`${host}/app`, { mediaType: OCI_LAYER_GZIP, digest: DIGEST, size: SIZE }, `${host}/other`),
  upload: (host, _, write) =>
    write.putBlob(`${host}/app`, { mediaType: OCI_LAYER_GZIP, digest: DIGEST, size: SIZE }, async function* () {
      yield CONTENT
    }),
  tag: (host, _, write) => write.putManifest(`${host}/app`, '1', OCI_MANIFEST, CONTENT),
  'tag there': (host, _, write) => write.hasManifest(`${host}/app`, '1', { mediaType: OCI_MANIFEST, digest: DIGEST }),
}

/** What each question came to: a failure that we foresaw and that names who failed, or an answer. */
async function outcomes(
  say: (socket: Socket, request: string) => void,
  whenFinished: TestContext['onTestFinished'],
): Promise<Record<string, unknown>> {
  const host = await startRawServer(say, whenFinished)
  const [read, write] = [new RegistryClient(OPTIONS), new UploadClient(OPTIONS)]
  whenFinished(async () => {
    await read.close()
    await write.close()
  })
  const asked = Object.entries(QUESTIONS).map(async ([name, ask]) => {
    const outcome = await ask(host, read, write).then(
      (answer) => ({ answer }),
      (error) => {
        if (!(error instanceof ExpectedError)) return { bug: error.stack }
        const text = `${error.message} ${error.hint}`
        if (/secret-password|cm9ib3Q6/.test(text)) return { leaked: text }
        return text.includes(host) ? 'named' : { unnamed: text }
      },
    )
    return [name, outcome] as const
  })
  return Object.fromEntries(await Promise.all(asked))
}

const HEAD = 'HTTP/1.1 200 OK\r\n'
const answer = (status: string, headers: string[] = [], body = '') =>
  [`HTTP/1.1 ${status}`, ...headers, `content-length: ${body.length}`, '', body].join('\r\n')
const pour = (text: string) => (socket: Socket) => {
  const more = () => {
    while (!socket.destroyed && socket.write(text.repeat(100)));
  }
  socket.on('drain', more)
  more()
}
const drip = (text: string) => (socket: Socket) => {
  const timer = setInterval(() => socket.write(text), 20)
  socket.on('close', () => clearInterval(timer))
}
const all = (bytes: string) => (socket: Socket) => void socket.write(bytes, 'latin1')
const start = (bytes: string, then: (socket: Socket) => void) => (socket: Socket) => {
  socket.write(bytes)
  then(socket)
}

// At once, for they wait: what is asked ends by time-outs, and any end will do that is foreseen and named.
test.concurrent.for<[what: string, say: (socket: Socket, request: string) => void]>([
  ['no HTTP', all('220 smtp.example ESMTP\r\n')],
  ['no HTTP, much of it', pour('x'.repeat(1000))],
  ['binary', all('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')],
  ['nothing, and closes', (socket) => socket.end()],
  ['nothing at all', () => {}],
  ['HTTP/2', all('\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff')],
  ['HTTP/0.9', (socket) => socket.end('<html>hello</html>')],
  ['HTTP/9.9', all('HTTP/9.9 200 OK\r\n\r\n')],
  ['status 000', all('HTTP/1.1 000 Zero\r\ncontent-length: 0\r\n\r\n')],
  ['status 007', all('HTTP/1.1 007 Bond\r\ncontent-length: 0\r\n\r\n')],
  ['status 099', all('HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n')],
  ['status 299', all(answer('299 Odd'))],
  ['status 226', all(answer('226 IM Used'))],
  ['status 304', all(answer('304 Not Modified'))],
  ['status 300', all(answer('300 Multiple Choices'))],
  ['status 399', all(answer('399 Odd'))],
  ['status 418', all(answer('418 Teapot'))],
  ['status 599', all(answer('599 Odd'))],
  ['status 600', all(answer('600 Odd'))],
  ['status 999', all(answer('999 Odd'))],
  ['status 1000', all(answer('1000 Odd'))],
  ['status -1', all(answer('-1 Odd'))],
  ['status abc', all(answer('abc Odd'))],
  [
    '101 without being asked',
    all('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
  ],
  ['100 without end', pour('HTTP/1.1 100 Continue\r\n\r\n')],
  ['103 without end', pour('HTTP/1.1 103 Early Hints\r\n\r\n')],
  ['102 now and then', drip('HTTP/1.1 102 Processing\r\n\r\n')],
  ['103 now and then', drip('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')],
  ['headers without end', start(HEAD, pour('x-filler: abcdefgh\r\n'))],
  ['one header without end', start(`${HEAD}x-filler: `, pour('abcdefgh'))],
  ['headers that drip', start(HEAD, drip('x: y\r\n'))],
  ['a body that drips', start(`${HEAD}content-length: 1000000\r\n\r\n`, drip('x'))],
  ['a body without end', start(`${HEAD}\r\n`, pour('x'.repeat(1000)))],
  ['chunks without end', start(`${HEAD}transfer-encoding: chunked\r\n\r\n`, pour(`3e8\r\n${'x'.repeat(1000)}\r\n`))],
  ['a refusal without end', start('HTTP/1.1 403 Forbidden\r\n\r\n', pour('x'.repeat(1000)))],
  ['a header with control characters', all(`${HEAD}x-a: \x00\x01\r\ncontent-length: 0\r\n\r\n`)],
  ['a header without a name', all(`${HEAD}: value\r\ncontent-length: 0\r\n\r\n`)],
  ['a header of half a line', all(`${HEAD}half\r\n\r\n`)],
  ['two lengths', all(`${HEAD}content-length: 3\r\ncontent-length: 5\r\n\r\nabc`)],
  ['a length below zero', all(`${HEAD}content-length: -3\r\n\r\nabc`)],
  ['a length beyond numbers', all(`${HEAD}content-length: 99999999999999999999999\r\n\r\nabc`)],
  ['length and chunks', all(`${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc`)],
  ['chunks of no size', all(`${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n`)],
  ['an odd transfer encoding', all(`${HEAD}transfer-encoding: gzip\r\n\r\nabc`)],
  ['a short body', (socket) => socket.end(`${HEAD}content-length: 100\r\n\r\nabc`)],
  [
    'digest headers that are none',
    all(answer('200 OK', ['docker-content-digest: sha256:zz', `content-type: ${OCI_MANIFEST}`], 'abc')),
  ],
  [
    'digest headers that are many',
    all(
      answer(
        '200 OK',
        [
          `docker-content-digest: ${DIGEST}`,
          `docker-content-digest: ${DIGEST}`,
          `content-type: ${OCI_MANIFEST}`,
          `content-type: ${OCI_MANIFEST}`,
        ],
        'abc',
      ),
    ),
  ],
  ['JSON that is none', all(answer('200 OK', [`content-type: ${OCI_MANIFEST}`], '{'))],
  ['JSON null', all(answer('200 OK', [`content-type: ${OCI_MANIFEST}`], 'null'))],
  ['a list', all(answer('200 OK', [`content-type: ${OCI_MANIFEST}`], '[]'))],
  ['an error of odd shape', all(answer('400 Bad', ['content-type: application/json'], '{"errors":{"code":1}}'))],
  ['an error of null', all(answer('400 Bad', ['content-type: application/json'], '{"errors":[null]}'))],
  ['JSON a hundred thousand deep', all(answer('400 Bad', [], '['.repeat(60_000)))],
  ['a redirect to nothing', all(answer('307 Temporary', ['location: ']))],
  ['a redirect to a file', all(answer('307 Temporary', ['location: file:///etc/passwd']))],
  [
    'a redirect to two places',
    all(answer('307 Temporary', ['location: http://a.invalid/', 'location: http://b.invalid/'])),
  ],
  ['a redirect with odd characters', all(answer('307 Temporary', ['location: http://[::::]/%%%\x01']))],
  [
    'redirects without end',
    (socket, request) => void socket.write(answer('307 Temporary', [`location: ${/ (\S+)/.exec(request)?.[1]}x`])),
  ],
  ['an upload to a file', all(answer('202 Accepted', ['location: file:///etc/passwd']))],
  ['an upload to nowhere', all(answer('202 Accepted', ['location: ::::']))],
  ['an upload to a closed port', all(answer('202 Accepted', ['location: http://127.0.0.1:1/']))],
  [
    'a challenge that is none',
    all(answer('401 Unauthorized', ['www-authenticate: ,,,="', 'www-authenticate: Bearer'])),
  ],
  ['a challenge without realm', all(answer('401 Unauthorized', ['www-authenticate: Bearer service="x"']))],
  ['a realm that is a file', all(answer('401 Unauthorized', ['www-authenticate: Bearer realm="file:///etc/passwd"']))],
  ['a realm that is no address', all(answer('401 Unauthorized', ['www-authenticate: Bearer realm="http://[z"']))],
  [
    'a challenge of a thousand scopes',
    all(
      answer('401 Unauthorized', [
        `www-authenticate: Bearer realm="http://127.0.0.1:1/",scope="${'a:b:c '.repeat(1000)}"`,
      ]),
    ),
  ],
  [
    'what we showed, echoed',
    (socket, request) =>
      void socket.write(
        answer(
          '403 Forbidden',
          [],
          JSON.stringify({ errors: [{ code: 'DENIED', message: request.replace(/\s+/g, ' ') }] }),
        ),
      ),
  ],
  [
    'what we showed, echoed after asking',
    (socket, request) => {
      const body = JSON.stringify({
        errors: [
          {
            code: 'DENIED',
            message: /authorization: (.*)/i.exec(request)?.[1]?.trim() ?? '',
          },
        ],
      })
      socket.write(
        /authorization/i.test(request)
          ? answer('403 Forbidden', [], body)
          : answer('401 Unauthorized', ['www-authenticate: Basic realm="x"']),
      )
    },
  ],
  ['a Retry-After of odd numbers', all(answer('503 Busy', ['retry-after: 1e99']))],
  ['a Retry-After without end', all(answer('503 Busy', [`retry-after: ${'9'.repeat(400)}`]))],
  [
    'quota of odd numbers',
    all(
      answer(
        '200 OK',
        ['ratelimit-limit: -1;w=x', 'ratelimit-remaining: NaN', 'ratelimit-reset: 99999999999999999999'],
        'abc',
      ),
    ),
  ],
  [
    'a link without end',
    all(
      answer(
        '200 OK',
        [`link: ${'<'.repeat(10_000)}`, 'content-type: application/vnd.oci.image.index.v1+json'],
        '{"schemaVersion":2,"manifests":[]}',
      ),
    ),
  ],
])('a peer that says: %s', async ([, say], { onTestFinished, expect }) => {
  const found = await outcomes(say, onTestFinished)
  const wrong = Object.entries(found).filter(([, outcome]) => outcome !== 'named' && !('answer' in (outcome as object)))
  expect(Object.fromEntries(wrong)).toEqual({})
})

const BODY = '{"schemaVersion":2}'
const LENGTH = `content-length: ${BODY.length}\r\n`

test.for<[what: string, head: string, said: string]>([
  ['a header without a name', `${HEAD}: x\r\n${LENGTH}`, 'not well formed (Invalid header token)'],
  ['a header without a colon', `${HEAD}half\r\n${LENGTH}`, 'not well formed (Invalid header token)'],
  ['a header in two lines', `${HEAD}x: a\r\n b\r\n${LENGTH}`, 'not well formed (Unexpected whitespace'],
  ['100 Continue unasked', `HTTP/1.1 100 Continue\r\n\r\n${HEAD}${LENGTH}`, 'not well formed (100 Continue, which'],
  ['its length twice', `${HEAD}${LENGTH}${LENGTH}`, 'another length than it says'],
  ['length and chunks', `${HEAD}${LENGTH}transfer-encoding: chunked\r\n`, 'another length than it says'],
  ['another version', `HTTP/2 200 OK\r\n${LENGTH}`, 'something else than HTTP/1.1'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'something else than HTTP/1.1'],
])('what a parser of HTTP does not take is named: %s', async ([, head, said]) => {
  const body = head.includes('chunked') ? `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n` : BODY
  const host = await startRawServer((socket) => socket.write(`${head}\r\n${body}`))
  const read = new RegistryClient({ ...OPTIONS, retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => read.close())
  const failure = await read.resolve(parseReference(`${host}/app:1`), { isWhole: true }).catch((error) => error)
  expect(failure).toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: expect.stringContaining(said),
    hint: expect.stringContaining(host),
  })
})
