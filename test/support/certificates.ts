import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool } from './debian.ts'
import { temporaryDirectory } from './temporary.ts'

/** PEM files of a test's own: `ca.crt`, and for each name `<name>.crt` and `<name>.key`. */
export interface Certificates {
  readonly directory: string
  read(file: string): Promise<string>
}

/**
 * An authority, a server certificate for `localhost.test` and addresses of this machine, and a client certificate. Needs `openssl`;
 * the files go away with the test.
 */
export async function makeCertificates(): Promise<Certificates> {
  const directory = await temporaryDirectory()
  const openssl = (args: string[]) => runTool('openssl', args, { cwd: directory })
  const ca = ['-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt']
  await openssl(['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...ca])
  for (const name of ['localhost.test', 'client']) {
    await writeFile(join(directory, 'extensions'), `subjectAltName=DNS:${name},IP:127.0.0.1,IP:0.0.0.0`)
    const request = ['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`]
    await openssl(['req', '-newkey', 'rsa:2048', '-nodes', ...request])
    const signing = ['-in', `${name}.csr`, '-out', `${name}.crt`, '-extfile', 'extensions']
    await openssl(['x509', '-req', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', ...signing])
  }
  return { directory, read: (file) => readFile(join(directory, file), 'utf8') }
}
