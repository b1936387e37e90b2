import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { type Endpoint, endpointsOf } from '../../src/registry/config/endpoint.ts'
import { readHostsDirectory } from '../../src/registry/config/hosts-toml.ts'
import { readRegistriesConf } from '../../src/registry/config/registries-conf.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const show = ({ base, path, repository, namespace, only, secureFirst }: Endpoint) =>
  `${secureFirst ? 'https first: ' : ''}${base.origin}${path}/${repository}${namespace ? `?ns=${namespace}` : ''}${only ? ` (${only})` : ''}`

const CONF = `
unqualified-search-registries = ["docker.io"]

[[registry]]
prefix = "docker.io"
location = "hub.internal/proxy"
[[registry.mirror]]
location = "mirror-a.internal/hub"
[[registry.mirror]]
location = "mirror-b.internal:5000"
insecure = true
pull-from-mirror = "digest-only"

[[registry]]
prefix = "docker.io/library"
location = "docker.io/library"
mirror-by-digest-only = true
[[registry.mirror]]
location = "library.internal"

[[registry]]
prefix = "*.example.com"
[[registry.mirror]]
location = "wild.internal"

[[registry]]
prefix = "bad.example.org/team"
blocked = true
`

test.for<[reference: string, expected: string[]]>([
  [
    'team/app',
    [
      'https://mirror-a.internal/v2/hub/team/app',
      'https first: https://mirror-b.internal:5000/v2/team/app (digests)',
      'https://hub.internal/v2/proxy/team/app',
    ],
  ],
  ['nginx', ['https://library.internal/v2/nginx (digests)', 'https://registry-1.docker.io/v2/library/nginx']],
  ['a.example.com/x/y', ['https://wild.internal/v2/x/y', 'https://a.example.com/v2/x/y']],
  ['example.com/x/y', ['https://example.com/v2/x/y']],
  ['bad.example.org/other', ['https://bad.example.org/v2/other']],
])('registries.conf: %s', async ([reference, expected]) => {
  const configured = readRegistriesConf(CONF, 'registries.conf')
  expect((await endpointsOf(parseReference(reference), { configured })).map(show)).toEqual(expected)
})

test('registries.conf: a blocked registry is not asked', async () => {
  const configured = readRegistriesConf(CONF, 'registries.conf')
  const asking = endpointsOf(parseReference('bad.example.org/team/app'), { configured })
  await expect(asking).rejects.toMatchObject({
    code: 'DENIED',
    message: expect.stringMatching(/registries\.conf blocks bad\.example\.org\/team/),
  })
})

test('registries.conf: what is no TOML is named with its file', () => {
  expect(() => readRegistriesConf('[[registry', 'registries.conf')).toThrow(/^registries\.conf: /)
})

const HOSTS: Record<string, string> = {
  'docker.io': `
server = "https://registry-1.docker.io"
[host."https://mirror.internal"]
  capabilities = ["pull"]
[host."http://plain.internal:5000/v2/hub"]
  capabilities = ["pull", "resolve"]
  override_path = true
[host."https://push.internal"]
  capabilities = ["push"]
`,
  'quay.io_8443_': 'server = "https://other.internal/quay"',
  _default: '[host."https://all.internal"]',
}

test.for<[reference: string, expected: string[]]>([
  [
    'nginx',
    [
      'https://mirror.internal/v2/library/nginx?ns=docker.io (digests)',
      'http://plain.internal:5000/v2/hub/library/nginx?ns=docker.io',
      'https://registry-1.docker.io/v2/library/nginx',
    ],
  ],
  ['quay.io:8443/a/b', ['https://other.internal/quay/v2/a/b?ns=quay.io:8443']],
  ['ghcr.io/a/b', ['https://all.internal/v2/a/b?ns=ghcr.io', 'https://ghcr.io/v2/a/b']],
])('hosts.toml: %s', async ([reference, expected]) => {
  const directory = await temporaryDirectory()
  for (const [name, content] of Object.entries(HOSTS)) {
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'hosts.toml'), content)
  }
  const configured = readHostsDirectory(directory)
  expect((await endpointsOf(parseReference(reference), { configured })).map(show)).toEqual(expected)
})
