import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer, type TlsOptions } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { readClient } from '../../src/registry/config/certificate-files.ts'
import { makeCertificates } from '../support/certificates.ts'
import { runTool, testWith } from '../support/debian.ts'

const withOpenssl = testWith(['openssl'])

/** Signs a certificate for names, valid between two moments (`20200101000000Z`). */
async function sign(
  directory: string,
  name: string,
  names: string,
  [start, end]: [string, string],
  newKey = 'rsa:2048',
): Promise<void> {
  const openssl = (args: string[]) => runTool('openssl', args, { cwd: directory })
  const authority = [
    'database = index',
    'new_certs_dir = .',
    'rand_serial = yes',
    'default_md = sha256',
    'policy = any',
  ]
  const config = ['[any]', 'commonName = supplied', '[ca]', ...authority, '[names]', `subjectAltName = ${names}`]
  await writeFile(join(directory, 'config'), config.join('\n'))
  await writeFile(join(directory, 'index'), '')
  const [key, request] = [`${name}.key`, `${name}.csr`]
  await openssl(['req', '-newkey', newKey, '-nodes', '-subj', '/CN=x', '-keyout', key, '-out', request])
  const files = ['-keyfile', 'ca.key', '-cert', 'ca.crt', '-in', request, '-out', `${name}.crt`]
  const times = ['-startdate', start, '-enddate', end]
  await openssl([
    'ca',
    '-batch',
    '-notext',
    '-config',
    'config',
    '-name',
    'ca',
    '-extensions',
    'names',
    ...times,
    ...files,
  ])
}

withOpenssl('each thing that is wrong with https has words of its own, and is not tried again', async () => {
  const { directory, read } = await makeCertificates()
  await sign(directory, 'weak', 'IP:0.0.0.0', ['20200101000000Z', '20990102000000Z'], 'rsa:1024')
  await sign(directory, 'expired', 'IP:0.0.0.0', ['20200101000000Z', '20200102000000Z'])
  await sign(directory, 'future', 'IP:0.0.0.0', ['20980101000000Z', '20990102000000Z'])
  await sign(directory, 'other', 'DNS:other.example', ['20200101000000Z', '20990102000000Z'])
  const [ca, good] = [await read('ca.crt'), await pair('localhost.test')]
  async function pair(name: string): Promise<TlsOptions> {
    return { cert: await read(`${name}.crt`), key: await read(`${name}.key`) }
  }
  const cases: [options: TlsOptions | undefined, text: RegExp, hint: RegExp, ca?: string][] = [
    [await pair('expired'), /its certificate has expired/, /clock/, ca],
    [await pair('future'), /its certificate is not valid yet/, /clock/, ca],
    [await pair('other'), /its certificate is for another name/, /name that the certificate has/, ca],
    [good, /its certificate is not trusted/, /--ca FILE/],
    [
      { ...good, ca, requestCert: true, rejectUnauthorized: true },
      /refuses us for our certificate/,
      /--client-cert FILE/,
      ca,
    ],
    [
      { ...good, ca, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' },
      /refuses us for our certificate/,
      /--client-cert FILE/,
      ca,
    ],
    [{ ...good, ALPNProtocols: ['h2'] }, /speaks only HTTP\/2/, /HTTP\/1\.1/, ca],
    [
      { ...good, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      /as it was long ago/,
      /TLS 1\.2/,
      ca,
    ],
    [
      { ...(await pair('weak')), ciphers: 'DEFAULT@SECLEVEL=0' },
      /key or a signature that is too weak/,
      /2048 bits/,
      ca,
    ],
    [undefined, /does not speak https/, /--plain-http/, ca],
  ]
  const own = readClient(join(directory, 'weak.crt'), join(directory, 'weak.key'))
  await expect(own).rejects.toMatchObject({ code: 'TLS_INVALID', message: expect.stringContaining('too weak') })
  for (const [options, text, hint, authority] of cases) {
    let connections = 0
    const server = options
      ? createServer(options, (socket) => socket.end())
      : createPlainServer((socket) => socket.end('220 smtp\r\n'))
    server.on('connection', () => connections++).on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    onTestFinished(() => void server.close())
    const client = new RegistryClient({ retry: { attempts: 3, delay: 1 }, ...(authority && { ca: [authority] }) })
    onTestFinished(() => client.close())
    const { port } = server.address() as AddressInfo
    const failure = await client.resolve(parseReference(`0.0.0.0:${port}/app:1`)).catch((error) => error)
    expect(failure).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(text),
      hint: expect.stringMatching(hint),
    })
    expect(connections, `${text}`).toBe(1)
  }
})

withOpenssl('a server of this machine that knows only HTTP/2 is named as one, by https and without', async () => {
  const { read } = await makeCertificates()
  const pair = { cert: await read('localhost.test.crt'), key: await read('localhost.test.key') }
  const servers = [createServer({ ...pair, ALPNProtocols: ['h2'] }), createHttp2Server()]
  const problems = [/speaks only HTTP\/2/, /speaks something else than HTTP\/1\.1/]
  for (const [at, server] of servers.entries()) {
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    onTestFinished(() => void server.close())
    const client = new RegistryClient({ retry: { attempts: 3, delay: 1 } })
    onTestFinished(() => client.close())
    const { port } = server.address() as AddressInfo
    await expect(client.resolve(parseReference(`127.0.0.1:${port}/app:1`))).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringMatching(problems[at]!),
      hint: expect.stringContaining(at === 0 ? 'HTTP/1.1' : `answers at 127.0.0.1:${port}`),
    })
  }
})

test('a run that ends waits for no handshake', async () => {
  const accepted: Socket[] = []
  const closed = Promise.withResolvers<void>()
  const silent = createPlainServer((socket) => {
    accepted.push(socket)
    socket
      .resume()
      .on('error', () => {})
      .on('close', () => closed.resolve())
  })
  await new Promise<void>((resolve) => silent.listen(0, '0.0.0.0', resolve))
  onTestFinished(() => {
    silent.close()
    for (const socket of accepted) socket.destroy()
  })
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  const { port } = silent.address() as AddressInfo
  const asking = client.resolve(parseReference(`0.0.0.0:${port}/app:1`)).catch((error) => error)
  await once(silent, 'connection')
  await client.close()
  expect(await asking).toBeInstanceOf(Error)
  await closed.promise
})
