import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import {
  type ImageConditions,
  type ImageReason,
  imageOutcome,
  type NodeImage,
} from '../../src/audit/verdict/image-rules.ts'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { mountsArtifacts } from '../../src/kubernetes/kubelet/node-support.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { parsePlatform } from '../../src/oci/platform.ts'

const AMD64 = parsePlatform('linux/amd64')
const NAME = 'docker.io/library/web:1'

function image(parts: Partial<NodeImage> & { present?: boolean | undefined }): NodeImage {
  const { present, ...rest } = parts
  const presence = { present, why: 'the node reports only its 50 largest images' }
  return { reference: 'web:1', name: NAME, policy: 'IfNotPresent', locked: undefined, presence, ...rest }
}

function locked(mediaType: string, ...platforms: string[]): LockedImage {
  const descriptor = (type: string) => ({ mediaType: type, digest: digestOf(type), size: 1 })
  const entries = platforms.map((platform) => ({
    platform: parsePlatform(platform),
    manifest: descriptor(OCI_MANIFEST),
    config: descriptor(OCI_CONFIG),
    layers: [],
  }))
  return { reference: NAME, names: [NAME], target: descriptor(mediaType), platforms: entries }
}

type Row = [
  policy: string,
  present: boolean | undefined,
  conditions: ImageConditions,
  starts: boolean | null,
  reason?: ImageReason,
]

/** A mirror of a bundle, which holds the image or not, and one of which nobody told what it has. */
const HAS = { hasMirror: true, lock: { version: 1, images: [] } } as const
const MAY = { hasMirror: true }

// One row for each of F§15.1: does a pod start on a disconnected node?
test.for<Row>([
  ['Always', true, {}, false, 'AlwaysOffline'],
  ['Always', false, {}, false, 'AlwaysOffline'],
  ['Always', undefined, {}, false, 'AlwaysOffline'],
  ['Always', true, HAS, true],
  ['Always', false, HAS, true],
  ['Always', true, { ...HAS, alwaysVerify: true }, true],
  ['IfNotPresent', true, {}, true],
  ['IfNotPresent', true, HAS, true],
  ['IfNotPresent', true, { alwaysVerify: true }, false, 'AlwaysOffline'],
  ['IfNotPresent', true, { alwaysVerify: true, ...HAS }, true],
  ['IfNotPresent', false, {}, false, 'ImageMissing'],
  ['IfNotPresent', false, HAS, true],
  ['IfNotPresent', undefined, {}, null, 'ImageUnknown'],
  ['IfNotPresent', undefined, HAS, true],
  ['Never', true, {}, true],
  ['Never', false, {}, false, 'ImageMissing'],
  ['Never', false, HAS, false, 'ImageMissing'],
  ['Never', undefined, {}, null, 'ImageUnknown'],
  ['Never', undefined, HAS, null, 'ImageUnknown'],
  ['Never', true, { alwaysVerify: true }, false, 'AlwaysOffline'],
  ['Never', true, { alwaysVerify: true, ...HAS }, false, 'AlwaysOffline'],
  ['Never', true, { alwaysPullImages: true }, false, 'AlwaysOffline'],
  ['IfNotPresent', true, { alwaysPullImages: true }, false, 'AlwaysOffline'],
  ['Never', false, { alwaysPullImages: true, ...HAS }, true],
  ['Always', true, MAY, null, 'ImageUnknown'],
  ['Always', false, MAY, null, 'ImageUnknown'],
  ['IfNotPresent', true, MAY, true],
  ['IfNotPresent', true, { alwaysVerify: true, ...MAY }, null, 'ImageUnknown'],
  ['IfNotPresent', false, MAY, null, 'ImageUnknown'],
  ['IfNotPresent', undefined, MAY, null, 'ImageUnknown'],
  ['Never', false, MAY, false, 'ImageMissing'],
  ['Never', true, { alwaysVerify: true, ...MAY }, false, 'AlwaysOffline'],
  ['Never', false, { alwaysPullImages: true, ...MAY }, null, 'ImageUnknown'],
])('%s, on the node: %s, with %o: starts %s %s', ([policy, present, conditions, starts, reason]) => {
  const isServed = conditions.lock !== undefined
  const outcome = imageOutcome(
    image({ policy, present, locked: isServed ? locked(OCI_INDEX, 'linux/amd64') : undefined }),
    AMD64,
    conditions,
  )
  expect([outcome.starts, outcome.reason]).toEqual([starts, reason])
})

test('a reference that does not parse never starts, whatever else is true', () => {
  const invalid = image({ reference: 'Nginx', name: undefined, present: false })
  expect(imageOutcome(invalid, AMD64, { hasMirror: true })).toEqual({
    starts: false,
    reason: 'InvalidImageName',
    message: 'not an image reference: "Nginx"',
  })
})

test('a mirror answers for the images of the bundle only', () => {
  const conditions = { hasMirror: true, lock: { version: 1, images: [] } } as const
  expect(imageOutcome(image({ policy: 'Always', present: true }), AMD64, conditions).reason).toBe('AlwaysOffline')
  const bundled = image({ policy: 'Always', present: true, locked: locked(OCI_INDEX, 'linux/amd64') })
  expect(imageOutcome(bundled, AMD64, conditions).starts).toBe(true)
})

const fromBundle = (isFromBundle: boolean) => ({ presence: { present: true, why: '', isFromBundle } })

test.for<[rule: string, parts: Partial<NodeImage>, node: string, starts: boolean]>([
  [
    'the bundle holds the platform',
    { locked: locked(OCI_INDEX, 'linux/amd64'), ...fromBundle(true) },
    'linux/amd64',
    true,
  ],
  [
    'the bundle lacks the platform',
    { locked: locked(OCI_INDEX, 'linux/amd64'), ...fromBundle(true) },
    'linux/arm64',
    false,
  ],
  [
    'one of the platforms',
    { locked: locked(OCI_INDEX, 'linux/amd64', 'linux/arm64'), ...fromBundle(true) },
    'linux/arm64',
    true,
  ],
  ['another os', { locked: locked(OCI_INDEX, 'linux/amd64'), ...fromBundle(true) }, 'windows/amd64', false],
  [
    'the API tells no variant of a node',
    { locked: locked(OCI_INDEX, 'linux/arm/v6'), ...fromBundle(true) },
    'linux/arm',
    true,
  ],
  [
    'an index that came some other way fits the node',
    { locked: locked(OCI_INDEX, 'linux/amd64'), ...fromBundle(false) },
    'linux/arm64',
    true,
  ],
  [
    'a single manifest is taken by any node, and does not run',
    { locked: locked(OCI_MANIFEST, 'linux/amd64'), ...fromBundle(false) },
    'linux/arm64',
    false,
  ],
  ['nothing is known of an image outside the bundle', { locked: undefined, ...fromBundle(false) }, 'linux/arm64', true],
])('platform: %s', ([, parts, node, starts]) => {
  const outcome = imageOutcome(image(parts), parsePlatform(node), {})
  expect([outcome.starts, outcome.reason]).toEqual([starts, starts ? undefined : 'Platform'])
})

test('a mirror serves only the platforms that the bundle holds', () => {
  const bundled = image({ policy: 'Always', present: false, locked: locked(OCI_INDEX, 'linux/amd64') })
  expect(imageOutcome(bundled, parsePlatform('linux/arm64'), HAS).reason).toBe('Platform')
})

test('a node that tells no architecture is given the benefit of the doubt', () => {
  const bundled = image({ locked: locked(OCI_MANIFEST, 'linux/amd64'), present: true })
  expect(imageOutcome(bundled, undefined, {}).starts).toBe(true)
})

const CHART = 'application/vnd.cncf.helm.config.v1+json'

function artifact(): LockedImage {
  const { platforms, ...rest } = locked(OCI_MANIFEST)
  const manifest = { mediaType: OCI_MANIFEST, digest: digestOf('chart'), size: 1 }
  return { ...rest, platforms, artifacts: [{ artifactType: CHART, manifest, blobs: [] }] }
}

type ArtifactRow = [
  usage: 'container' | 'volume' | undefined,
  mounts: boolean | undefined,
  conditions: ImageConditions & { present?: boolean; isFromBundle?: boolean },
  starts: boolean | null,
  reason?: ImageReason,
]

test.for<ArtifactRow>([
  ['container', true, { present: true }, false, 'Artifact'],
  ['container', true, HAS, false, 'Artifact'],
  ['container', undefined, { present: true, isFromBundle: true }, false, 'Artifact'],
  ['volume', false, HAS, false, 'Artifact'],
  ['volume', false, { present: true }, false, 'Artifact'],
  ['volume', undefined, HAS, null, 'Artifact'],
  ['volume', undefined, { present: true }, null, 'Artifact'],
  ['volume', true, HAS, true],
  ['volume', true, { present: true }, true],
  ['volume', true, { present: true, isFromBundle: true }, null, 'ImageUnknown'],
  ['volume', true, { present: false }, false, 'ImageMissing'],
  ['volume', true, {}, null, 'ImageUnknown'],
  [undefined, true, HAS, null, 'Artifact'],
  [undefined, undefined, { present: true }, null, 'Artifact'],
])('an artifact as %s, runtime mounts it: %s, %o: %s %s', ([usage, mountsArtifacts, given, starts, reason]) => {
  const { present, isFromBundle, ...conditions } = given
  const presence = { present, why: 'a list', ...(isFromBundle && { isFromBundle }) }
  const asked = { ...image({}), presence, locked: artifact(), usage }
  const outcome = imageOutcome(asked, AMD64, { ...conditions, mountsArtifacts })
  expect(outcome).toMatchObject({ starts, ...(reason && { reason }) })
})

test.for<[version: string, mounts: boolean | undefined]>([
  ['containerd://2.1.4', false],
  ['containerd://1.7.20', false],
  ['containerd://2.4.2', false],
  ['docker://27.0.1', false],
  ['cri-o://1.32.4', false],
  ['cri-o://1.33.0', true],
  ['cri-o://2.0.0', true],
  ['cri-o://unknown', undefined],
  ['other://1.40.0', undefined],
  ['', undefined],
])('%s mounts artifacts: %s', ([containerRuntimeVersion, mounts]) => {
  const node = { status: { nodeInfo: { containerRuntimeVersion } } } as Node
  expect(mountsArtifacts(node)).toBe(mounts)
})
