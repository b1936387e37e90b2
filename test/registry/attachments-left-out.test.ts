import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { lockImages } from '../../src/bundle/lock/lock.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'

const PLATFORM = { os: 'linux', architecture: 'amd64' }
const page = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Sign in</title>')

/** An image with an attestation in its index, a referrer, and a tag of cosign; what is asked for of them, something odd is done. */
async function lockWith(
  what: 'attestation' | 'referrers' | 'referrer' | 'tag',
  odd: (response: ServerResponse) => unknown,
) {
  const registry = await MemoryRegistry.start()
  const image = registry.addImage('app', undefined, [Buffer.from('layer')])
  const attached = (text: string, tag?: string) =>
    registry.addManifest(
      'app',
      tag,
      {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: registry.addBlob('app', Buffer.from('{}'), 'application/vnd.oci.empty.v1+json'),
        layers: [registry.addBlob('app', Buffer.from(text))],
      },
      OCI_MANIFEST,
    )
  const attestation = attached('attestation')
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': image.digest,
  }
  const index = registry.addIndex('app', '1', [
    { ...image, platform: PLATFORM },
    { ...attestation, platform: { os: 'unknown', architecture: 'unknown' }, annotations },
  ])
  const referrer = attached('referrer')
  registry.addReferrers('app', index.digest, [{ ...referrer, artifactType: 'application/x' }])
  const tag = `${index.digest.replace(':', '-')}.sig`
  attached('signature', tag)
  const paths = {
    attestation: attestation.digest,
    referrers: `referrers/${index.digest}`,
    referrer: `manifests/${referrer.digest}`,
    tag,
  }
  registry.misbehave = ({ url }, response) => url?.endsWith(paths[what]) && odd(response)
  const client = new RegistryClient({ retry: { attempts: 2, delay: 1 } })
  onTestFinished(() => client.close())
  const reference = parseReference(`${registry.host}/app:1`)
  return lockImages([reference], [PLATFORM], client, { attachments: client, attestations: true })
}

const ODD: [what: string, odd: (response: ServerResponse) => unknown][] = [
  ['gone', (response) => sendError(response, 404, 'MANIFEST_UNKNOWN')],
  ['refused', (response) => sendError(response, 403, 'DENIED')],
  ['ill', (response) => sendError(response, 500, 'UNKNOWN')],
  ['a web page', page],
  ['no JSON', (response) => response.writeHead(200, { 'content-type': OCI_INDEX }).end('{')],
  [
    'a list of nothing',
    (response) =>
      response.writeHead(200, { 'content-type': OCI_INDEX }).end('{"schemaVersion": 2, "manifests": [null]}'),
  ],
]

test.for(
  (['attestation', 'referrers', 'referrer', 'tag'] as const).flatMap((what) =>
    ODD.map(([how, odd]) => [what, how, odd] as const),
  ),
)('%s: %s, and the image is taken with the rest', async ([what, how, odd]) => {
  const { lock, failures, leftOut } = await lockWith(what, odd)
  expect(failures).toEqual([])
  const missing = what === 'referrers' && how === 'gone' ? 0 : what === 'tag' && how === 'gone' ? 0 : 1
  expect(leftOut.map(({ code }) => code)).toEqual(Array(missing).fill('ATTACHMENT_LEFT_OUT'))
  expect(lock.images[0]?.attachments).toHaveLength(2)
})
