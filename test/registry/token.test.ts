import { expect, test } from 'vitest'
import type { Credentials } from '../../src/registry/auth/credentials.ts'
import { fetchToken } from '../../src/registry/auth/token.ts'
import type { HttpRequest } from '../../src/registry/http/send-request.ts'

const REGISTRY = new URL('https://registry.example')

/** Asks a token server that answers each request with the next status; gives the requests that it got. */
async function ask(realm: string, credentials: Credentials | undefined, statuses = [200], registry = REGISTRY) {
  const requests: HttpRequest[] = []
  const challenge = { scheme: 'bearer', parameters: new Map(Object.entries({ realm, service: 'svc' })) }
  const send = async (request: HttpRequest) => {
    requests.push(request)
    const body = Buffer.from(JSON.stringify({ access_token: 'secret', expires_in: 5 }))
    return { url: request.url, status: statuses[requests.length - 1] ?? 200, headers: {}, body }
  }
  const token = await fetchToken(challenge, { scopes: ['repository:a:pull'], registry, credentials, send })
  return { requests, token }
}

test('without credentials the token is asked for anonymously', async () => {
  const { requests, token } = await ask('https://auth.example/token', undefined)
  expect(requests).toEqual([
    {
      url: new URL('https://auth.example/token?service=svc&scope=repository%3Aa%3Apull'),
      method: 'GET',
      headers: {},
    },
  ])
  expect(token.value).toBe('secret')
})

test('an identity token goes into a form, never into an address', async () => {
  const { requests } = await ask('https://auth.example/token', { identityToken: 'refresh' })
  expect(requests[0]).toMatchObject({ method: 'POST', url: new URL('https://auth.example/token') })
  expect(requests[0]?.body).toContain('grant_type=refresh_token&refresh_token=refresh')
})

test('a server that does not know the form is asked with GET', async () => {
  const { requests } = await ask('https://auth.example/token', { identityToken: 'refresh' }, [404, 200])
  expect(requests.map(({ method }) => method)).toEqual(['POST', 'GET'])
})

test.for<[what: string, realm: string, registry: string]>([
  ['plain http', 'http://auth.example/token', 'https://registry.example'],
  ['plain http of another host', 'http://auth.example/token', 'http://registry.local'],
  ['another protocol', 'file:///etc/passwd', 'https://registry.example'],
  ['nothing', '', 'https://registry.example'],
])('no credentials are sent to %s', async ([, realm, registry]) => {
  const credentials = { username: 'u', password: 'p' }
  const asking = ask(realm, credentials, [200], new URL(registry))
  await expect(asking).rejects.toMatchObject({
    code: 'REGISTRY_ERROR',
    message: expect.stringMatching(/its token server has/),
  })
})

test.for<[realm: string, registry: string]>([
  ['http://127.0.0.1:5001/token', 'http://127.0.0.1:5000'],
  ['http://registry.local:5001/token', 'http://registry.local:5000'],
  ['https://10.0.0.1/token', 'https://10.0.0.2'],
])('%s is a fair token server of %s', async ([realm, registry]) => {
  expect((await ask(realm, undefined, [200], new URL(registry))).token.value).toBe('secret')
})
