import { X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { ExpectedError, readError, SettingError } from '../../errors.ts'
import type { ClientCertificate, HostSettings } from '../http/host-settings.ts'

/** The settings for a host (`quay.io:8443`); undefined when there are none. */
export type FindSettings = (host: string) => Promise<HostSettings | undefined>

/**
 * Certificates as docker, podman and skopeo keep them: `<directory>/<host[:port]>/` with `*.crt`, `*.cert` and `*.key`.
 * The first directory that has one for the host counts. Sources: containers-certs.d(5); docker, "Verify repository
 * client with certificates".
 */
export function findCertificates(directories: readonly string[]): FindSettings {
  const found = new Map<string, Promise<HostSettings | undefined>>()
  const look = async (host: string) => {
    for (const directory of directories) {
      if (await isDirectory(join(directory, host))) return readCertificates(join(directory, host))
    }
    return undefined
  }
  return (host) => {
    const known = found.get(host) ?? look(host).catch(endRun)
    found.set(host, known)
    return known
  }
}

/** Whoever needs this setting fares no better. */
function endRun(error: unknown): never {
  if (!(error instanceof ExpectedError)) throw error
  const { code, message, hint, cause } = error
  throw new SettingError(code, message, { hint, cause })
}

/**
 * The certificates in a directory: `*.crt` are authorities, `x.cert` with `x.key` is who we are.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE, TLS_INVALID
 */
export async function readCertificates(directory: string): Promise<HostSettings> {
  const names = await readdir(directory).catch((error) => {
    throw readError(directory, error)
  })
  names.sort()
  const authorities = names.filter((name) => name.endsWith('.crt')).map((name) => readAuthority(join(directory, name)))
  const clients = names
    .filter((name) => name.endsWith('.cert'))
    .map((name) => {
      const key = name.replace(/\.cert$/, '.key')
      return readClient(join(directory, name), names.includes(key) ? join(directory, key) : undefined)
    })
  const [ca, pairs] = [await Promise.all(authorities), await Promise.all(clients)]
  return { ...(ca.length > 0 && { ca }), ...(pairs.length > 0 && { clients: pairs }) }
}

/** The certificates of a file, in PEM. @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, TLS_INVALID */
export async function readAuthority(path: string): Promise<string> {
  const pem = await readPem(path)
  try {
    new X509Certificate(pem)
    return pem
  } catch (cause) {
    throw new ExpectedError('TLS_INVALID', `${path}: holds no certificate in PEM`, {
      hint: 'Give the PEM file of the authority, such as the tls.crt that nodeseed serve wrote.',
      cause,
    })
  }
}

/**
 * Without a file for the key, the key stands beside the certificate.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, TLS_INVALID
 */
export async function readClient(path: string, keyPath: string | undefined): Promise<ClientCertificate> {
  const certificate = await readPem(path)
  const key = keyPath ? await readPem(keyPath) : certificate
  try {
    createSecureContext({ cert: certificate, key })
    return { certificate, key }
  } catch (error) {
    if (/_TOO_(?:SMALL|WEAK)$/.test((error as NodeJS.ErrnoException).code ?? '')) {
      throw new ExpectedError('TLS_INVALID', `${path}: has a key or a signature that is too weak`, {
        hint: 'Have a certificate made with a key of at least 2048 bits (RSA) or of an elliptic curve, signed with SHA-256.',
      })
    }
    // Its words may quote what a file holds.
    throw new ExpectedError('TLS_INVALID', `${path}: certificate and key ${keyPath ?? 'in it'} do not fit together`, {
      hint: 'Give the certificate and the private key that was made with it, both in PEM.',
    })
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw readError(path, error)
  }
}
