import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'

const SUBJECT = digestOf(Buffer.from('subject'))
const entry = (name: string) => ({ mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from(name)), size: 7 })
const [A, B, C] = [entry('a'), entry('b'), entry('c')]
const NAMES = new Map<Digest, string>([A, B, C].map(({ digest }, index) => [digest, 'abc'[index]!]))
const list = (manifests: unknown) => JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })
const PATH = `/v2/app/referrers/${SUBJECT}`

type Say = (response: ServerResponse, page: number) => unknown

/** The names of what is listed, and the messages of what is not. */
async function listed(say: Say, fallback?: string) {
  const registry = await MemoryRegistry.start()
  registry.misbehave = ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://registry')
    if (pathname === PATH) return say(response, Number(searchParams.get('page') ?? 0))
    return fallback !== undefined && pathname.includes('/manifests/sha256-') ? response.end(fallback) : undefined
  }
  const client = new RegistryClient({ retry: { attempts: 2, delay: 1 } })
  onTestFinished(() => client.close())
  const { found, leftOut } = await client.listReferrers(parseReference(`${registry.host}/app`), SUBJECT)
  return {
    found: found.map(({ digest }) => NAMES.get(digest)).join(''),
    leftOut: leftOut.map(({ message }) => message),
  }
}

const pages =
  (link: (page: number) => string | undefined): Say =>
  (response, page) => {
    const next = link(page)
    if (next) response.setHeader('link', next)
    return response.end(list([[A, B, C][page]]))
  }
const upToTwo = (link: (page: number) => string) => pages((page) => (page < 2 ? link(page + 1) : undefined))

test.for<[how: string, say: Say]>([
  ['a path', upToTwo((page) => `<${PATH}?page=${page}>; rel="next"`)],
  ['only a query', upToTwo((page) => `<?page=${page}>; rel="next"`)],
  [
    'the name of the registry behind its proxy',
    upToTwo((page) => `<http://inside:8080${PATH}?page=${page}>; rel="next"`),
  ],
  ['https, which the proxy takes off', upToTwo((page) => `<https://inside${PATH}?page=${page}>; rel=next`)],
  ['other words beside', upToTwo((page) => `<${PATH}?page=${page}>; title="x"; REL="next"`)],
  ['another relation first', upToTwo((page) => `</>; rel="first", <${PATH}?page=${page}>; rel="next"`)],
])('a next page that is named by %s is read', async ([, say]) => {
  expect(await listed(say)).toEqual({ found: 'abc', leftOut: [] })
})

test.for<[what: string, say: Say, found: string, message: RegExp]>([
  ['leads elsewhere', pages(() => '</login?page=1>; rel="next"'), 'a', /has more of them at "\/login\?page=1"/],
  ['is another repository', pages(() => `<${PATH.replace('app', 'b')}>; rel="next"`), 'a', /has more of them at/],
  ['is no address', pages(() => '<http://a:b:c>; rel="next"'), 'a', /has more of them at "http:\/\/a:b:c"/],
  ['is empty', pages(() => '<>; rel="next"'), 'a', /without end/],
  ['is the same again', pages((page) => `<${PATH}?page=${1 - page}>; rel="next"`), 'aba', /without end/],
  [
    'fails',
    (response, page) =>
      page === 1 ? sendError(response, 500, 'UNKNOWN') : upToTwo(() => '<?page=1>; rel="next"')(response, page),
    'a',
    /answers 500/,
  ],
  [
    'is gone',
    (response, page) =>
      page === 1 ? sendError(response, 404, 'X') : upToTwo(() => '<?page=1>; rel="next"')(response, page),
    'a',
    /does not have it/,
  ],
])('a next page that %s costs what would follow, and is said', async ([, say, found, message]) => {
  expect(await listed(say)).toEqual({ found, leftOut: [expect.stringMatching(message)] })
})

test('a list that never ends is ended, and said', async () => {
  let page = 0
  const { found, leftOut } = await listed((response) => {
    response.setHeader('link', `<?page=${++page}>; rel="next"`)
    return response.end(list([A]))
  })
  expect(found).toHaveLength(100)
  expect(leftOut).toEqual([expect.stringMatching(/lists them without end/)])
})

const BROKEN: [what: string, entry: unknown][] = [
  ['null', null],
  ['a text', 'sha256:'],
  ['a list', []],
  ['no digest', { mediaType: OCI_MANIFEST, size: 1 }],
  ['a digest that is none', { ...B, digest: 'sha256:x' }],
  ['a size that is none', { ...B, size: -1 }],
  ['no type', { ...B, mediaType: undefined }],
]
const NO_API: Say = (response) => response.writeHead(404).end('404 page not found')

test.for(BROKEN)('an entry that is %s costs only itself', async ([, broken]) => {
  const expected = { found: 'ac', leftOut: [expect.stringMatching(/manifests\[1\]/)] }
  const text = list([A, broken, C])
  expect(await listed((response) => response.end(text))).toEqual(expected)
  expect(await listed(NO_API, text)).toEqual(expected)
})

test('an empty list may be null', async () => {
  expect(await listed((response) => response.end(list(null)))).toEqual({ found: '', leftOut: [] })
})

test.for(['{}', '[]', list('none'), list({}), JSON.stringify({ mediaType: OCI_MANIFEST, manifests: [] })])(
  'what is no list is refused: %s',
  async (text) => {
    const refused = expect.objectContaining({ code: 'CONTENT_MISMATCH' })
    await expect(listed((response) => response.end(text))).rejects.toEqual(refused)
    await expect(listed(NO_API, text)).rejects.toEqual(refused)
  },
)
