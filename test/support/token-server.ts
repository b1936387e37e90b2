import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runTool } from './debian.ts'

/** Gives tokens to one user, as a registry's token server does. */
export interface TokenServer {
  readonly realm: string
  /** PEM file with the certificate that signs. */
  readonly certificate: string
  /** What was asked, in order: method, scope, and how the caller showed who they are. */
  readonly requests: { method: string; scopes: string[]; authorization: string | undefined }[]
  stop(): Promise<void>
}

/** Needs `openssl`. Source of the token's form: distribution, docs/spec/auth/jwt.md. */
export async function startTokenServer(
  directory: string,
  { username, password, life = 300 }: { username: string; password: string; life?: number },
): Promise<TokenServer> {
  const [key, certificate] = [join(directory, 'token.key'), join(directory, 'token.crt')]
  const subject = ['-subj', '/CN=test', '-days', '2', '-keyout', key, '-out', certificate]
  await runTool('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject])
  const privateKey = createPrivateKey(await readFile(key))
  const chain = [new X509Certificate(await readFile(certificate)).raw.toString('base64')]
  const requests: TokenServer['requests'] = []
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://token')
    const { method = '', headers } = request
    const scopes = url.searchParams.getAll('scope')
    requests.push({ method, scopes, authorization: headers.authorization })
    if (headers.authorization !== expected) return response.writeHead(401).end()
    const now = Math.floor(Date.now() / 1000)
    const token = signed(
      { typ: 'JWT', alg: 'RS256', x5c: chain },
      {
        iss: 'test',
        sub: username,
        aud: url.searchParams.get('service'),
        exp: now + life,
        nbf: now - 10,
        iat: now,
        jti: randomUUID(),
        access: scopes.map(accessOf),
      },
    )
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ token, expires_in: life }))
  })
  function accessOf(scope: string) {
    const [type = '', name = '', actions = ''] = scope.split(':')
    return { type, name, actions: actions.split(',') }
  }
  function signed(header: object, payload: object): string {
    const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    realm: `http://127.0.0.1:${port}/token`,
    certificate,
    requests,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
