import { readFile } from 'node:fs/promises'
import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { POD_FIELDS } from '../../src/kubernetes/pods/pod-fields.ts'
import { unmodelledFields } from '../../src/kubernetes/pods/unmodelled-fields.ts'

/** The fields of the newest API, which bin/pod-fields.js wrote. */
const { types } = JSON.parse(await readFile(new URL('./pod-fields.json', import.meta.url), 'utf8')) as {
  types: Record<string, string[]>
}

const words = (text: string) => text.split(' ').filter(Boolean)
const nameOf = (entry: string) => entry.split(':')[0] ?? ''

test.for(Object.entries(POD_FIELDS))(
  'every field of %s is modelled, irrelevant or unmodelled, once',
  ([type, kinds]) => {
    const listed = [...words(kinds.modelled).map(nameOf), ...words(kinds.irrelevant), ...words(kinds.unmodelled)]
    expect(listed.toSorted()).toEqual(types[type]?.toSorted())
  },
)

test('every type that is looked into has a row, from the pod spec down', () => {
  const children = Object.values(POD_FIELDS).flatMap(({ modelled }) =>
    words(modelled).flatMap((entry) => entry.split(':').slice(1)),
  )
  expect([...new Set(['PodSpec', ...children])].sort()).toEqual(Object.keys(POD_FIELDS).sort())
})

const container = (more: object) => ({ containers: [{ name: 'c', image: 'web:1', ...more }] })

test.for<[rule: string, spec: object, fields: string[]]>([
  ['nothing of the sort', container({ command: ['x'], resources: { requests: { cpu: '1' } } }), []],
  ['a field of the pod', { schedulingGroup: { podGroupName: 'x' } }, ['schedulingGroup']],
  ['a field that no API has yet', { futureField: 1 }, ['futureField']],
  ['one of a container', container({ futureField: {} }), ['containers[0].futureField']],
  ['one of an init container', { initContainers: [{ futureField: 'x' }] }, ['initContainers[0].futureField']],
  ['one that is off', { schedulingGroup: null, futureField: false, other: [], more: '' }, []],
  [
    'a seccomp profile that is pulled',
    container({ securityContext: { seccompProfile: { type: 'OCI', oci: { ref: 'x@y' } } } }),
    ['containers[0].securityContext.seccompProfile.oci'],
  ],
  ['a disk that only one node can have', { volumes: [{ name: 'v', rbd: { image: 'x' } }] }, ['volumes[0].rbd']],
  [
    'volumes without a say',
    {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'w', configMap: { name: 'x' } },
      ],
    },
    [],
  ],
  [
    'read only all the way down',
    container({ volumeMounts: [{ recursiveReadOnly: 'Enabled' }] }),
    ['containers[0].volumeMounts[0].recursiveReadOnly'],
  ],
  ['read only where it can be', container({ volumeMounts: [{ recursiveReadOnly: 'IfPossible' }] }), []],
  ['what is no object', { containers: 'x', affinity: 3, volumes: [null, 'x'] }, []],
])('unmodelled fields: %s', ([, spec, fields]) => {
  expect(unmodelledFields(spec as PodSpec)).toEqual(fields)
})

test('no field of the API that is unmodelled is overlooked, at any place where it can stand', () => {
  const seen = new Set<string>()
  const specWith = (type: string, field: string, path: string[]): object | undefined => {
    for (const [parent, { modelled }] of Object.entries(POD_FIELDS)) {
      const entry = words(modelled).find((one) => one.endsWith(`:${type}`))
      if (!entry || path.includes(parent)) continue
      const value = { [field]: { set: true } }
      const inner = { [nameOf(entry)]: [value] }
      if (parent === 'PodSpec') return inner
      const outer = specWith(parent, nameOf(entry), [...path, parent])
      return outer && JSON.parse(JSON.stringify(outer).replace('{"set":true}', JSON.stringify([value])))
    }
    return undefined
  }
  for (const [type, { unmodelled }] of Object.entries(POD_FIELDS)) {
    for (const field of words(unmodelled)) {
      const spec = type === 'PodSpec' ? { [field]: { set: true } } : specWith(type, field, [type])
      expect(unmodelledFields(spec as PodSpec).join(), `${type}.${field}`).toContain(field)
      seen.add(field)
    }
  }
  expect(seen.size).toBeGreaterThan(5)
})
