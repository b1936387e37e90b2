import { expect, test } from 'vitest'
import { parsePlatform } from '../../src/oci/platform.ts'
import { prepareNodes } from '../../src/seed/nodes/out-of-band-nodes.ts'
import type { OutOfBandNode } from '../../src/seed/nodes/seedable-node.ts'
import { node } from '../support/cluster.ts'

function bottlerocket(osImage: string): OutOfBandNode {
  const base = node('a')
  const made = { ...base, status: { ...base.status, nodeInfo: { ...base.status?.nodeInfo, osImage } } }
  return { name: 'a', node: made, platform: parsePlatform('linux/amd64'), method: 'bottlerocket' } as OutOfBandNode
}

test.for<[osImage: string, registry: string | undefined, warns: boolean]>([
  ['Bottlerocket OS 1.40.0 (aws-k8s-1.33)', undefined, false],
  ['Bottlerocket OS 1.43.2 (aws-k8s-1.33)', undefined, false],
  ['Bottlerocket OS 1.44.0 (aws-k8s-1.33)', undefined, true],
  ['Bottlerocket OS 1.56.0 (aws-k8s-1.34)', undefined, true],
  ['Bottlerocket OS 2.0.0 (aws-k8s-1.40)', undefined, true],
  ['Bottlerocket', undefined, true],
  ['Bottlerocket OS 1.56.0 (aws-k8s-1.34)', 'https://10.0.0.5:5000', false],
])('%s from %s: a volume may be emptied: %s', ([osImage, url, warns]) => {
  const { findings } = prepareNodes([bottlerocket(osImage)], [], url === undefined ? undefined : { url, ca: undefined })
  expect(findings.map(({ code }) => code)).toEqual([
    'NODE_PREPARED_OUTSIDE',
    ...(warns ? ['BOTTLEROCKET_SNAPSHOTTER'] : []),
  ])
})
