import { expect, test } from 'vitest'
import { parseRuntimeListing } from '../../src/audit/facts/images/runtime-listing.ts'
import { auditCluster, auditReport } from '../../src/audit/report/report.ts'
import { formatPlatform } from '../../src/oci/platform.ts'
import { node, workload } from '../support/cluster.ts'

const D = `sha256:${'d'.repeat(64)}`
const ID = `sha256:${'1'.repeat(64)}`

const CRICTL = JSON.stringify({
  images: [
    {
      id: ID,
      repoTags: ['docker.io/library/web:1'],
      repoDigests: [`docker.io/library/web@${D}`],
      size: '72099501',
      pinned: true,
    },
    { id: D, repoTags: [], repoDigests: ['docker.io/library/job@sha256:1'], size: '5', pinned: false },
  ],
})

// As containerd 1.6 prints them.
const CTR = `REF                                     TYPE                                       DIGEST                                                                  SIZE     PLATFORMS   LABELS                          
docker.io/library/web:1                 application/vnd.oci.image.manifest.v1+json ${D} 10.6 KiB linux/amd64 io.cri-containerd.pinned=pinned 
docker.io/library/web@${D} application/vnd.oci.image.manifest.v1+json ${D} 10.6 KiB linux/amd64 -                               
docker.io/library/job:1                 application/vnd.oci.image.manifest.v1+json ${ID} 1.5 GiB  linux/amd64 -                               
`

const CHECK = `REF                     TYPE                                       DIGEST                                                                  STATUS           SIZE             UNPACKED 
docker.io/library/web:1 application/vnd.oci.image.manifest.v1+json ${D} incomplete (1/2) 159.0 B/10.2 KiB false
docker.io/library/job:1 application/vnd.oci.image.manifest.v1+json ${ID} complete (2/2)   10.2 KiB/10.2 KiB false
`

const DOCKER = `REPOSITORY                 TAG       DIGEST                                                                    IMAGE ID       CREATED       SIZE
web                        1         ${D}   0123456789ab   3 weeks ago   187MB
registry.example.com/job   <none>    ${ID}   0123456789ab   2 days ago    1.5GB
local                      2         <none>                                                                    0123456789ab   2 days ago    512kB
<none>                     <none>    <none>                                                                    0123456789ab   2 days ago    1B
`

test.for<[source: string, text: string, names: string[][], bytes: number[], pinned: (boolean | undefined)[]]>([
  [
    'crictl images',
    CRICTL,
    [
      [ID, 'docker.io/library/web:1', `docker.io/library/web@${D}`],
      [D, 'docker.io/library/job@sha256:1'],
    ],
    [72099501, 5],
    [true, false],
  ],
  [
    'ctr images',
    CTR,
    [['docker.io/library/web:1', `docker.io/library/web@${D}`], ['docker.io/library/job:1']],
    [10854, 1610612736],
    [true, false],
  ],
  [
    'ctr images',
    CHECK,
    [['docker.io/library/web:1'], ['docker.io/library/job:1']],
    [159, 10445],
    [undefined, undefined],
  ],
  [
    'docker images',
    DOCKER,
    [
      ['docker.io/library/web:1', `docker.io/library/web@${D}`],
      [`registry.example.com/job@${ID}`],
      ['docker.io/library/local:2'],
    ],
    [187e6, 1.5e9, 512e3],
    [false, false, false],
  ],
])('%s', ([source, text, names, bytes, pinned]) => {
  const listing = parseRuntimeListing(text, 'a.txt')
  expect(listing.source).toBe(source)
  expect(listing.images.map((image) => image.names)).toEqual(names)
  expect(listing.images.map((image) => image.bytes)).toEqual(bytes)
  expect(listing.images.map((image) => image.isPinned)).toEqual(pinned)
})

test.for<[what: string, text: string]>([
  ['nothing', ''],
  ['broken JSON', '{"images": ['],
  ['other JSON', '{"kind": "List"}'],
  ['other text', 'NAME STATUS\nworker-1 Ready\n'],
])('%s is no list of images', ([, text]) => {
  expect(() => parseRuntimeListing(text, 'worker-1.txt')).toThrow('worker-1.txt: not a list of images')
})

test.for<[column: string, platforms: string[]]>([
  ['linux/amd64', ['linux/amd64']],
  ['linux/amd64,linux/arm/v7,linux/arm64/v8', ['linux/amd64', 'linux/arm/v7', 'linux/arm64']],
  ['windows(10.0.20348.1)/amd64', ['windows/amd64']],
  ['unknown', []],
  ['-', []],
])('the PLATFORMS of ctr: %s', ([column, platforms]) => {
  const [image] = parseRuntimeListing(only(column), 'a').images
  expect(image?.platforms?.map(formatPlatform)).toEqual(platforms)
  expect(parseRuntimeListing(CHECK, 'a').images[0]?.platforms).toBeUndefined()
})

const only = (column: string) => CTR.replaceAll('linux/amd64', column)

test.for<[column: string, architecture: string, expected: string | boolean]>([
  ['linux/amd64', 'amd64', true],
  ['linux/arm64,linux/amd64', 'amd64', true],
  ['linux/arm64/v8', 'arm64', true],
  ['linux/arm64', 'amd64', 'Platform'],
  ['windows(10.0.20348.1)/amd64', 'amd64', 'Platform'],
  ['linux/amd64', 'arm64', 'Platform'],
  ['linux/386', 'amd64', 'ImageUnknown'],
  ['linux/arm/v7', 'arm64', 'ImageUnknown'],
  ['-', 'amd64', 'ImageUnknown'],
])('an image that ctr lists for %s, on %s', ([column, architecture, expected]) => {
  for (const texts of [[only(column)], [CHECK.replace('incomplete (1/2)', 'complete (2/2)'), only(column)]]) {
    const runtimeListings = new Map([['a', texts.map((text) => parseRuntimeListing(text, 'a'))]])
    const nodes = [node('a', { architecture, images: ['docker.io/library/web:1', ...FULL] })]
    for (const conditions of [{}, { sandboxImage: 'docker.io/library/web:1' }, { hasMirror: true }]) {
      const result = auditCluster([workload()], nodes, { runtimeListings, ...conditions })
      const verdict = auditReport(result).workloads[0]?.nodes[0]
      expect(verdict?.reason ?? verdict?.starts).toBe(expected)
    }
  }
})

function reason(image: string, listed: string[], ...texts: string[]) {
  const runtimeListings = new Map([['a', texts.map((text) => parseRuntimeListing(text, 'a'))]])
  const result = auditCluster([workload({ image })], [node('a', { images: listed })], { runtimeListings })
  const verdict = auditReport(result).workloads[0]?.nodes[0]
  return verdict?.reason ?? verdict?.starts
}

const FULL = Array.from({ length: 50 }, (_, index) => `r.example/${index}:1`)

test.for<[rule: string, image: string, listed: string[], texts: string[], expected: string | boolean]>([
  ['the runtime knows what the kubelet did not report', 'web:1', FULL, [CRICTL], true],
  ['and knows what is not there', 'other:1', FULL, [CRICTL], 'ImageMissing'],
  ['the kubelet shows what the runtime does not', 'old:1', ['docker.io/library/old:1'], [CTR], 'ImageUnknown'],
  ['the runtime shows what the kubelet does not', 'web:1', [], [CRICTL], 'ImageUnknown'],
  ['a digest needs its own record', `job:1@${ID}`, [], [CTR], 'ImageMissing'],
  ['a name whose layers are missing is of no use', 'web:1', [], [CTR, CHECK], 'ImageMissing'],
  ['one that is complete is', 'job:1', FULL, [CHECK], true],
  ['docker finds long names by short ones', 'web:1', FULL, [DOCKER], true],
])('several sources: %s', ([, image, listed, texts, expected]) => {
  expect(reason(image, listed, ...texts)).toBe(expected)
})

test.for([CRICTL, CTR, CHECK, DOCKER])('a list that a shell of Windows passed on says the same', (text) => {
  const passed = `\uFEFF${text.replaceAll('\n', '\r\n')}`
  expect(parseRuntimeListing(passed, 'a.txt').images).toEqual(parseRuntimeListing(text, 'a.txt').images)
})
