import { expect, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { endpointsOf, isHost } from '../../src/registry/config/endpoint.ts'
import { readRegistriesConf } from '../../src/registry/config/registries-conf.ts'

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

const NO_HOSTS = [
  'app.test:99999',
  '127.0.0.1:65536',
  '[::1]:99999',
  '256.1.1.1:5000',
  '[::1',
  '[fe80::1%eth0]:5000',
  'app.test:',
  'localhost:+9',
  'localhost:0x50',
  'a b',
  'user:word@app.test',
  'app.test?x',
  'app.test#x',
  'app.test\\x',
  'javascript:x',
  '',
]

test.for(NO_HOSTS)('%s is no host, and nothing is asked there', async (host) => {
  expect(isHost(host)).toBe(false)
  const error = { code: 'REFERENCE_INVALID', message: `${JSON.stringify(host)} is no address of a registry` }
  await expect(endpointsOf({ domain: host, path: 'app' })).rejects.toMatchObject(error)
})

test.for(NO_HOSTS.filter(Boolean))('registries.conf sends nobody to %s', (host) => {
  const toml = (text: string) => () => readRegistriesConf(text, 'registries.conf')
  const location = JSON.stringify(`${host}/team`)
  const error = { code: 'INPUT_INVALID', message: `registries.conf: ${location} is no location of a registry` }
  expect(toml(`[[registry]]\nprefix = "quay.io"\nlocation = ${location}`)).toThrow(expect.objectContaining(error))
  const mirror = `[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = ${location}`
  expect(toml(mirror)).toThrow(expect.objectContaining(error))
})

test.for(['app.test', 'app.test:5000', 'localhost', '127.0.0.1:65535', '[::1]', '[::1]:5000', 'HOST:9', 'a_b.c:5000'])(
  '%s is a host',
  (host) => expect(isHost(host)).toBe(true),
)
