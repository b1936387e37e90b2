import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'

/** An http proxy that answers CONNECT with this, and hears nothing else. */
async function proxyThat(answer: string): Promise<string> {
  const server = createServer().on('connect', (_request, socket) => socket.on('error', () => {}).end(answer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What comes of asking a registry through a proxy. */
async function through(proxy: string): Promise<{ message: string; hint: string }> {
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 }, proxies: { https: proxy } })
  onTestFinished(() => client.close())
  return client.resolve(parseReference('lab.test/app:1')).catch((error) => error)
}

test.for<[what: string, answer: string, problem: string, hint: string]>([
  ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'makes no connection to it (403)', 'Check HTTPS_PROXY'],
  [
    'wants a user',
    'HTTP/1.1 407 Log in\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
    'asks for other credentials (407)',
    'USER:PASSWORD',
  ],
  [
    'wants a user of a domain',
    'HTTP/1.1 407 Log in\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n',
    'asks for credentials in ways that are not spoken here (Negotiate, NTLM)',
    'such as cntlm',
  ],
  ['closes the connection', '', 'the connection was cut', 'Check HTTPS_PROXY'],
  ['is none', '\x05\x00', 'speaks something else than HTTP/1.1', 'Check HTTPS_PROXY'],
])('a proxy that %s is named, and what helps', async ([, answer, problem, hint]) => {
  const host = await proxyThat(answer)
  const failure = await through(`http://${host}`)
  expect(failure.message).toContain(`the proxy ${host}`)
  expect(failure.message).toContain(problem)
  expect(failure.hint).toContain(hint)
})

test('https to a proxy that does not speak it is the fault of the proxy', async () => {
  const host = await proxyThat('HTTP/1.1 200 OK\r\n\r\n')
  const failure = await through(`https://${host}`)
  expect(failure.message).toContain(`the proxy ${host}: does not speak https`)
  expect(failure.hint).not.toContain('--plain-http')
})
