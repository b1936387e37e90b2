import { mkdir, readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { createFiles } from '../../disk/write-file.ts'
import { ExpectedError, readError, writeError } from '../../errors.ts'
import type { ServerKeyPair } from '../http/listen.ts'
import { selfSignedCertificate } from './self-signed.ts'

/** Where a server's key pair is: in two files, or in a directory of its own. */
export interface TlsFiles {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly directory: string | undefined
}

/** What reads the pair, now and again; undefined where the server speaks plain HTTP. */
export function tlsSource({ cert, key, directory }: TlsFiles): (() => Promise<ServerKeyPair>) | undefined {
  if (directory !== undefined) return () => ownKeyPair(directory, namesOfThisMachine())
  return cert !== undefined && key !== undefined ? () => readKeyPair(cert, key) : undefined
}

/** @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE */
async function readKeyPair(certFile: string, keyFile: string): Promise<ServerKeyPair> {
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)])
  return { cert, key }
}

/**
 * The pair `tls.crt` and `tls.key` of a directory, made for these names the first time. It stays, so that nodes which
 * trust the certificate trust the server after a restart too.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE; OUTPUT_EXISTS when one of the two is there; DISK_ERROR
 */
async function ownKeyPair(directory: string, names: readonly string[]): Promise<ServerKeyPair> {
  const [certFile, keyFile] = [join(directory, 'tls.crt'), join(directory, 'tls.key')]
  try {
    return await readKeyPair(certFile, keyFile)
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'INPUT_NOT_FOUND') throw error
  }
  const pair = selfSignedCertificate(names, new Date())
  try {
    await mkdir(directory, { recursive: true })
    // A half of a pair is somebody's: it is not replaced.
    await createFiles([
      { file: keyFile, content: pair.key, mode: 0o600 },
      { file: certFile, content: pair.cert },
    ])
  } catch (error) {
    const failure = writeError(directory, error)
    if (!(failure instanceof ExpectedError)) throw failure
    if (failure.code !== 'OUTPUT_EXISTS') throw notMade(failure)
    // Another server may have made both in the meantime.
    return readKeyPair(certFile, keyFile).catch((cause) => {
      throw onlyHalf(directory, cause)
    })
  }
  return pair
}

function onlyHalf(directory: string, cause: unknown): ExpectedError {
  return new ExpectedError('OUTPUT_EXISTS', `${directory}: holds only one of tls.crt and tls.key`, {
    hint: 'Put the other one beside it, or remove it: both are made then.',
    cause,
  })
}

function notMade(cause: ExpectedError): ExpectedError {
  return new ExpectedError(cause.code, `no certificate can be made: ${cause.message}`, {
    hint: 'Name a directory that can be written, or make a pair elsewhere and give --tls-cert and --tls-key.',
    cause,
  })
}

/** Every name and address under which clients may know this machine. */
function namesOfThisMachine(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const usable = addresses.filter(({ scopeid }) => !scopeid).map(({ address }) => address)
  return [...new Set(['localhost', hostname(), ...usable])]
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw readError(file, error)
  }
}
