import { expect, test } from 'vitest'
import { credentialsFrom, findEntry } from '../../src/registry/auth/credentials.ts'

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })

const FILE = {
  auths: {
    'https://index.docker.io/v1/': auth('hub:p:w'),
    'quay.io': auth('host:1'),
    'quay.io/team': auth('team:2'),
    'quay.io/team/app': auth('app:3'),
    'http://127.0.0.1:5000/v2/': auth('local:4'),
    'acr.example': { identitytoken: 'refresh' },
    'empty.example': {},
    'plain.example': { username: 'u', password: 'p' },
    'helper.example': auth('<token>:identity'),
  },
}

test.for<[host: string, repository: string, expected: object | undefined]>([
  ['registry-1.docker.io', 'library/nginx', { username: 'hub', password: 'p:w' }],
  ['quay.io', 'other/app', { username: 'host', password: '1' }],
  ['quay.io', 'team/web', { username: 'team', password: '2' }],
  ['quay.io', 'team/app', { username: 'app', password: '3' }],
  ['quay.io', 'team/app2', { username: 'team', password: '2' }],
  ['127.0.0.1:5000', 'x', { username: 'local', password: '4' }],
  ['acr.example', 'x', { identityToken: 'refresh' }],
  ['helper.example', 'x', { identityToken: 'identity' }],
  ['plain.example', 'x', { username: 'u', password: 'p' }],
  ['empty.example', 'x', undefined],
  ['evil-quay.io', 'team/app', undefined],
])('%s/%s', ([host, repository, expected]) => {
  expect(findEntry(FILE, host, repository)).toEqual(expected)
})

test('a helper is asked once for each host, and never beside another', async () => {
  const asked: string[] = []
  let running = 0
  const find = credentialsFrom(
    [{ credHelpers: { 'quay.io': 'quay' } }, { auths: FILE.auths, credsStore: 'desktop' }],
    async (helper, server) => {
      expect(++running).toBe(1)
      asked.push(`${helper} ${server}`)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return server === 'quay.io' ? { username: 'from', password: 'helper' } : undefined
    },
  )
  const hosts = ['quay.io', 'quay.io', 'ghcr.io', 'ghcr.io', 'plain.example', 'docker.io']
  const found = await Promise.all(hosts.map((host) => find(host, 'team/app')))
  expect(asked.sort()).toEqual(['desktop ghcr.io', 'quay quay.io'])
  expect(found).toEqual([
    { username: 'from', password: 'helper' },
    { username: 'from', password: 'helper' },
    undefined,
    undefined,
    { username: 'u', password: 'p' },
    { username: 'hub', password: 'p:w' },
  ])
})

test.for(['!!!!', Buffer.from('only-a-user').toString('base64'), 'robot:secret'])(
  'credentials that are no user and password, %s, are named and not sent',
  (auth) => {
    const refused = { code: 'INPUT_INVALID', message: expect.stringContaining('the credentials for app.test are no') }
    expect(() => findEntry({ auths: { 'app.test': { auth } } }, 'app.test', 'x')).toThrow(
      expect.objectContaining(refused),
    )
    expect(findEntry({ auths: { 'app.test': { auth } } }, 'other.test', 'x')).toBeUndefined()
  },
)
