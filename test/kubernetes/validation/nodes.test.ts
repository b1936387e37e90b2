import { expect, test } from 'vitest'
import { nodeProblem } from '../../../src/kubernetes/validation/validate-node.ts'
import { node } from '../../support/cluster.ts'

const whole = node('a', {
  images: ['docker.io/library/web:1'],
  spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
})

test.for<[what: string, part: object, said: string | undefined]>([
  ['as it is', {}, undefined],
  ['without a status', { status: undefined }, undefined],
  ['with nothing in it', { spec: null, status: { images: null, conditions: [], allocatable: {} } }, undefined],
  ['an image without names', { status: { images: [{ names: null, sizeBytes: 5 }] } }, undefined],
  ['no metadata', { metadata: undefined }, 'metadata is missing'],
  ['no name', { metadata: { labels: {} } }, 'metadata.name is missing'],
  ['a name that is no text', { metadata: { name: 5 } }, 'metadata.name is 5, not a text'],
  ['labels that are none', { metadata: { name: 'a', labels: 'x' } }, 'metadata.labels is no map'],
  ['a status that is none', { status: 'x' }, 'status is no object'],
  ['taints that are none', { spec: { taints: { key: 'gpu' } } }, 'spec.taints is no list'],
  ['a taint of no effect', { spec: { taints: [{ key: 'gpu' }] } }, 'spec.taints[0].effect is missing'],
  ['a taint of another effect', { spec: { taints: [{ key: 'gpu', effect: 'No' }] } }, 'effect "No" is none of'],
  ['a cordon in words', { spec: { unschedulable: 'true' } }, 'unschedulable is "true", not true or false'],
  ['an amount that is none', { status: { allocatable: { cpu: 'x' } } }, 'allocatable.cpu is "x", not a quantity'],
  ['images that are none', { status: { images: {} } }, 'status.images is no list of images'],
  ['an image that is none', { status: { images: ['web:1'] } }, 'status.images[0] is no image with its names'],
  ['a name of an image that is none', { status: { images: [{ names: [5] }] } }, 'status.images[0] is no image'],
  ['a version that is none', { status: { nodeInfo: { kubeletVersion: 1.34 } } }, 'kubeletVersion is 1.34, not a text'],
])('a node: %s', ([, part, said]) => {
  const problem = nodeProblem({ ...whole, ...part } as Record<string, unknown>)
  if (said === undefined) expect(problem).toBeUndefined()
  else expect(problem).toContain(said)
})
