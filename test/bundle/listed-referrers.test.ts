import { expect, test } from 'vitest'
import type { Attachment } from '../../src/bundle/format/lock.ts'
import { SIGNATURE_KINDS } from '../../src/bundle/lock/attachments.ts'
import { listAttachments } from '../../src/bundle/push/listed-referrers.ts'
import { ExpectedError } from '../../src/errors.ts'
import { MadeContent } from '../../src/layout/made-content.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import type { ReferrerList } from '../../src/oci/referrers.ts'

const subject = { mediaType: OCI_MANIFEST, digest: digestOf('image'), size: 5 }
const TAG = subject.digest.replace(':', '-')
const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 }

/** Pushes what is attached to where `listed` is known; gives what was written, by tag. */
async function listAt(listed: () => Promise<ReferrerList>, { isReferrer = true, isHere = true } = {}) {
  const source = new MadeContent('made')
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: 'a/b',
    config,
    layers: [],
    annotations: { c: 'd' },
  }
  const bytes = Buffer.from(JSON.stringify({ ...document, ...(isReferrer && { subject }) }))
  const target = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length }
  if (isHere) source.addBytes(bytes)
  const written: Record<string, { manifests: Descriptor[] }> = {}
  const attachments: Attachment[] = [{ subject: subject.digest, target, blobs: [] }]
  const putManifest = async (_: string, tag: string, _type: string, content: Uint8Array) => {
    written[tag] = JSON.parse(Buffer.from(content).toString())
  }
  const unlisted = await listAttachments(attachments, 'a.example/b', {
    source,
    target: { listReferrers: listed, putManifest },
  })
  return { own: { ...target, artifactType: 'a/b', annotations: { c: 'd' } }, written, unlisted }
}

const other = { ...subject, digest: digestOf('other') }
const OWN = (await listAt(async () => ({ found: [], leftOut: [] }))).own.digest

test('where a registry does not list what was pushed, the tag lists it beside the others', async () => {
  const lists = [[other], [other, { ...other, digest: OWN }]]
  const { own, written, unlisted } = await listAt(async () => ({ found: lists.shift() ?? [], leftOut: [] }))
  expect(own.digest).toBe(OWN)
  expect(Object.keys(written)).toEqual([TAG])
  expect(written[TAG]?.manifests).toEqual([other, own])
  expect(unlisted).toEqual([])
})

test('where a registry does not list it then either, that is said', async () => {
  const { written, unlisted } = await listAt(async () => ({ found: [other], leftOut: [] }))
  expect(Object.keys(written)).toEqual([TAG])
  expect(unlisted).toMatchObject([{ message: expect.stringContaining('the registry does not list what it was sent') }])
})

test.for<
  [why: string, listed: () => Promise<ReferrerList>, what?: { isReferrer?: boolean; isHere?: boolean }, reason?: string]
>([
  ['a list that cannot be had', async () => Promise.reject(new ExpectedError('DENIED', 'no')), {}, 'no'],
  ['half a list', async () => ({ found: [other], leftOut: [new ExpectedError('REGISTRY_ERROR', 'gone')] }), {}, 'gone'],
  [
    'half a list, of which nothing here is',
    async () => Promise.reject(new ExpectedError('DENIED', 'no')),
    { isHere: false },
  ],
  [
    'what belongs to nothing by itself, as the tags of cosign',
    async () => ({ found: [], leftOut: [] }),
    { isReferrer: false },
  ],
  ['what a delta leaves to its base', async () => ({ found: [], leftOut: [] }), { isHere: false }],
])('nothing is written over %s', async ([, listed, what, reason]) => {
  const { written, unlisted } = await listAt(listed, what)
  expect(written).toEqual({})
  const text = `a.example/b@${subject.digest}: 1 attachment may not be found from it: ${reason}`
  expect(unlisted).toEqual(
    reason
      ? [expect.objectContaining({ code: 'ATTACHMENT_UNLISTED', message: text, subject: expect.any(String) })]
      : [],
  )
})

test('half a list that has what was pushed is whole enough', async () => {
  const { own } = await listAt(async () => ({ found: [], leftOut: [] }))
  const half = async () => ({ found: [own], leftOut: [new ExpectedError('REGISTRY_ERROR', 'gone')] })
  expect(await listAt(half)).toMatchObject({ written: {}, unlisted: [] })
})

test('a registry that lists it needs no tag', async () => {
  const { own } = await listAt(async () => ({ found: [], leftOut: [] }))
  expect((await listAt(async () => ({ found: [own], leftOut: [] }))).written).toEqual({})
})

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const predicate = (type: string) => ({ 'dev.sigstore.bundle.predicateType': type })

test.for<[says: Partial<Descriptor>, isLookedAt: boolean]>([
  [{}, true],
  [{ artifactType: 'application/vnd.oci.empty.v1+json' }, true],
  [{ artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json' }, true],
  [{ artifactType: 'application/vnd.cncf.notary.signature' }, true],
  [{ artifactType: BUNDLE }, true],
  [{ artifactType: BUNDLE, annotations: predicate('https://sigstore.dev/cosign/sign/v1') }, true],
  [{ artifactType: BUNDLE, annotations: predicate('https://slsa.dev/provenance/v1') }, false],
  [{ artifactType: 'application/spdx+json' }, false],
])('a referrer that its list describes so may be a signature: %j', ([says, isLookedAt]) => {
  expect(SIGNATURE_KINDS.isReferrer({ ...subject, ...says })).toBe(isLookedAt)
})
