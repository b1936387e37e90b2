import { expect, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { endpointsOf } from '../../src/registry/config/endpoint.ts'

const OPTIONS = {
  mirrors: [
    { from: 'quay.io', to: 'mirror.local:5000/quay' },
    { from: 'docker.io/library', to: 'hub.local' },
  ],
  plainHttp: ['mirror.local:5000'],
}

test.for<[reference: string, expected: string[]]>([
  ['nginx', ['https://hub.local/ nginx', 'https://registry-1.docker.io/ library/nginx']],
  ['team/app', ['https://registry-1.docker.io/ team/app']],
  ['quay.io/a/b:1', ['http://mirror.local:5000/ quay/a/b', 'https://quay.io/ a/b']],
  ['quay.io:443/a/b', ['https://quay.io/ a/b']],
  ['localhost:5000/x', ['http://localhost:5000/ x']],
  ['127.8.0.1/x', ['http://127.8.0.1/ x']],
  ['[::1]:5000/x', ['http://[::1]:5000/ x']],
  ['192.168.1.1:5000/x', ['https://192.168.1.1:5000/ x']],
])('%s', async ([reference, expected]) => {
  const endpoints = await endpointsOf(parseReference(reference), OPTIONS)
  expect(endpoints.map(({ base, repository }) => `${base} ${repository}`)).toEqual(expected)
})
