import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { expect, test } from 'vitest'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { startServer } from './running-server.ts'
import { LAYER, shopContent } from './shop-content.ts'

const { content, layer, manifest, index, signature, sbom } = shopContent()
const ABSENT = `sha256:${'0'.repeat(64)}`
const SHOP = '/v2/library/shop'

/** One row a rule of distribution-spec 1.1: endpoint number and rule, request, what the answer must hold. */
interface Rule {
  readonly path: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly status: number
  readonly answer?: Record<string, string>
  readonly body?: unknown
}

test.for<[title: string, rule: Rule]>([
  ['end-1: GET /v2/ says that this is a registry', { path: '/v2/', status: 200 }],
  [
    'end-3: a manifest by tag has its type, digest and exact bytes',
    {
      path: `${SHOP}/manifests/1.0`,
      status: 200,
      answer: {
        'content-type': OCI_MANIFEST,
        'docker-content-digest': manifest.digest,
        'content-length': `${manifest.size}`,
      },
      body: expect.objectContaining({ mediaType: OCI_MANIFEST }),
    },
  ],
  [
    'end-3: a manifest by digest',
    {
      path: `${SHOP}/manifests/${index.digest}`,
      status: 200,
      answer: { 'content-type': OCI_INDEX, 'docker-content-digest': index.digest },
    },
  ],
  [
    'end-3: an unknown tag is 404 MANIFEST_UNKNOWN',
    { path: `${SHOP}/manifests/9.9`, status: 404, body: code('MANIFEST_UNKNOWN') },
  ],
  [
    'end-3: an unknown digest is 404',
    { path: `${SHOP}/manifests/${ABSENT}`, status: 404, body: code('MANIFEST_UNKNOWN') },
  ],
  [
    'end-3: an invalid digest is 400 DIGEST_INVALID',
    { path: `${SHOP}/manifests/sha256:00`, status: 400, body: code('DIGEST_INVALID') },
  ],
  [
    'end-3: HEAD has the headers of GET and no body',
    {
      path: `${SHOP}/manifests/1.0`,
      method: 'HEAD',
      status: 200,
      answer: { 'content-length': `${manifest.size}`, 'docker-content-digest': manifest.digest },
      body: '',
    },
  ],
  ['end-3: HEAD of what is not here is 404', { path: `${SHOP}/manifests/9.9`, method: 'HEAD', status: 404, body: '' }],
  [
    'end-2: a blob',
    {
      path: `${SHOP}/blobs/${layer.digest}`,
      status: 200,
      answer: { 'docker-content-digest': layer.digest, 'content-length': '20' },
      body: `${LAYER}`,
    },
  ],
  [
    'end-2: HEAD of a blob',
    {
      path: `${SHOP}/blobs/${layer.digest}`,
      method: 'HEAD',
      status: 200,
      answer: { 'content-length': '20', 'accept-ranges': 'bytes' },
      body: '',
    },
  ],
  [
    'end-2: an unknown blob is 404 BLOB_UNKNOWN',
    { path: `${SHOP}/blobs/${ABSENT}`, status: 404, body: code('BLOB_UNKNOWN') },
  ],
  [
    'end-2: a range from the middle is 206',
    {
      path: `${SHOP}/blobs/${layer.digest}`,
      headers: { range: 'bytes=10-12' },
      status: 206,
      answer: { 'content-range': 'bytes 10-12/20', 'content-length': '3' },
      body: 'abc',
    },
  ],
  [
    'end-2: a range without an end goes to the end',
    { path: `${SHOP}/blobs/${layer.digest}`, headers: { range: 'bytes=18-' }, status: 206, body: 'ij' },
  ],
  [
    'end-2: a range without a start counts from the end',
    { path: `${SHOP}/blobs/${layer.digest}`, headers: { range: 'bytes=-3' }, status: 206, body: 'hij' },
  ],
  [
    'end-2: a range behind the end is 416',
    {
      path: `${SHOP}/blobs/${layer.digest}`,
      headers: { range: 'bytes=20-' },
      status: 416,
      answer: { 'content-range': 'bytes */20' },
      body: '',
    },
  ],
  [
    'end-2: a range that is not understood is ignored',
    { path: `${SHOP}/blobs/${layer.digest}`, headers: { range: 'lines=1-2' }, status: 200, body: `${LAYER}` },
  ],
  [
    'end-2: a range for other content than the client has is ignored',
    {
      path: `${SHOP}/blobs/${layer.digest}`,
      headers: { range: 'bytes=18-', 'if-range': '"other"' },
      status: 200,
      body: `${LAYER}`,
    },
  ],
  [
    'end-2: what the client has already is 304',
    { path: `${SHOP}/blobs/${layer.digest}`, headers: { 'if-none-match': `"${layer.digest}"` }, status: 304, body: '' },
  ],
  [
    'end-8a: tags are sorted',
    { path: `${SHOP}/tags/list`, status: 200, body: { name: 'library/shop', tags: ['1.0', '1.1', 'latest'] } },
  ],
  [
    'end-8b: n limits the page and Link leads to the next',
    {
      path: `${SHOP}/tags/list?n=2`,
      status: 200,
      answer: { link: `<${SHOP}/tags/list?n=2&last=1.1>; rel="next"` },
      body: { name: 'library/shop', tags: ['1.0', '1.1'] },
    },
  ],
  [
    'end-8b: the last page has no Link',
    {
      path: `${SHOP}/tags/list?n=2&last=1.1`,
      status: 200,
      answer: { link: '' },
      body: { name: 'library/shop', tags: ['latest'] },
    },
  ],
  [
    'end-8b: last need not be a tag',
    { path: `${SHOP}/tags/list?last=1.05`, status: 200, body: { name: 'library/shop', tags: ['1.1', 'latest'] } },
  ],
  [
    'end-8b: n=0 is an empty list without Link',
    { path: `${SHOP}/tags/list?n=0`, status: 200, answer: { link: '' }, body: { name: 'library/shop', tags: [] } },
  ],
  [
    'end-8a: an unknown repository is 404 NAME_UNKNOWN',
    { path: '/v2/library/other/tags/list', status: 404, body: code('NAME_UNKNOWN') },
  ],
  [
    'end-12a: referrers are an index of descriptors with artifact type and annotations',
    {
      path: `${SHOP}/referrers/${manifest.digest}`,
      status: 200,
      answer: { 'content-type': OCI_INDEX, 'oci-filters-applied': '' },
      body: {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [
          { ...signature, artifactType: 'application/vnd.example.signature', annotations: { signer: 'shop' } },
          { ...sbom, artifactType: 'application/vnd.example.sbom' },
        ],
      },
    },
  ],
  [
    'end-12b: referrers of one artifact type, and the answer says that it filtered',
    {
      path: `${SHOP}/referrers/${manifest.digest}?artifactType=application/vnd.example.sbom`,
      status: 200,
      answer: { 'oci-filters-applied': 'artifactType' },
      body: expect.objectContaining({ manifests: [expect.objectContaining({ digest: sbom.digest })] }),
    },
  ],
  [
    'end-12a: nothing refers to it: an empty index, not 404',
    {
      path: `${SHOP}/referrers/${ABSENT}`,
      status: 200,
      body: { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
    },
  ],
  [
    'end-12a: an invalid digest is 400',
    { path: `${SHOP}/referrers/sha256:xyz`, status: 400, body: code('DIGEST_INVALID') },
  ],
  [
    'a name outside the grammar is 400 NAME_INVALID',
    { path: '/v2/Library/shop/tags/list', status: 400, body: code('NAME_INVALID') },
  ],
  [
    'end-4a: a push is refused as UNSUPPORTED',
    {
      path: `${SHOP}/blobs/uploads/`,
      method: 'POST',
      status: 405,
      answer: { allow: 'GET, HEAD' },
      body: code('UNSUPPORTED'),
    },
  ],
  [
    'end-9: a delete is refused as UNSUPPORTED',
    { path: `${SHOP}/manifests/1.0`, method: 'DELETE', status: 405, body: code('UNSUPPORTED') },
  ],
  [
    '_catalog lists full names',
    {
      path: '/v2/_catalog',
      status: 200,
      body: { repositories: ['docker.io/library/shop', 'registry.example.com:5000/team/app'] },
    },
  ],
  [
    '_catalog in pages',
    {
      path: '/v2/_catalog?n=1',
      status: 200,
      answer: { link: '</v2/_catalog?n=1&last=docker.io%2Flibrary%2Fshop>; rel="next"' },
      body: { repositories: ['docker.io/library/shop'] },
    },
  ],
])('%s', async ([, rule]) => {
  const server = await startServer(content)
  const response = await fetch(`http://${server}${rule.path}`, {
    method: rule.method ?? 'GET',
    headers: rule.headers ?? {},
  })
  expect(response.status).toBe(rule.status)
  for (const [name, value] of Object.entries(rule.answer ?? {}))
    expect(response.headers.get(name) ?? '', name).toBe(value)
  const text = await response.text()
  if (rule.body !== undefined) expect(typeof rule.body === 'string' ? text : JSON.parse(text)).toEqual(rule.body)
})

test.for<[title: string, path: string, status: number, namespace?: string]>([
  ['?ns= names the upstream, and the answer echoes it', `${SHOP}/manifests/1.0?ns=docker.io`, 200, 'docker.io'],
  ['Docker Hub has several host names', `${SHOP}/manifests/1.0?ns=registry-1.docker.io`, 200],
  ['another upstream does not have it', `${SHOP}/manifests/1.0?ns=quay.io`, 404],
  [
    'an upstream with a port',
    '/v2/team/app/manifests/2.0?ns=registry.example.com:5000',
    200,
    'registry.example.com:5000',
  ],
  ['the upstream as a prefix of the path', '/v2/docker.io/library/shop/manifests/1.0', 200],
  ['prefix and ?ns= at once', '/v2/docker.io/library/shop/manifests/1.0?ns=docker.io', 200],
  ['a prefix with a port', '/v2/registry.example.com:5000/team/app/manifests/2.0', 200],
  ['a prefix with a port, where : cannot be written', '/v2/registry.example.com_5000/team/app/manifests/2.0', 200],
  ['no upstream named, and only one has the name', '/v2/team/app/manifests/2.0', 200],
  ['Docker Hub without library/', '/v2/shop/manifests/1.0', 200],
])('%s', async ([, path, status, namespace]) => {
  const server = await startServer(content)
  const response = await fetch(`http://${server}${path}`)
  await response.text()
  expect(response.status).toBe(status)
  if (namespace) expect(response.headers.get('oci-namespace')).toBe(namespace)
})

test.for<[title: string, host: string, path: string, status: number]>([
  ['the host that a client believes to ask', 'docker.io', '/v2/library/shop/manifests/1.0', 200],
  ['another name of Docker Hub', 'registry-1.docker.io', '/v2/library/shop/manifests/1.0', 200],
  ['a host with a port', 'registry.example.com:5000', '/v2/team/app/manifests/2.0', 200],
  ['a host that nothing is from, and only one has the name', 'mirror.local', '/v2/team/app/manifests/2.0', 200],
  ['the target of a proxy', 'mirror.local', 'http://docker.io/v2/library/shop/manifests/1.0', 200],
  ['the target of a proxy without a path', 'mirror.local', 'http://docker.io', 404],
])('%s names the upstream', async ([, host, path, status]) => {
  const [hostname, port] = (await startServer(content)).split(':')
  const sent = request({ hostname, port, path, headers: { host } })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(status)
})

function code(code: string): unknown {
  return { errors: [{ code, message: expect.any(String) }] }
}
