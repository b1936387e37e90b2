import { createPublicKey } from 'node:crypto'
import type { TrustMaterial } from '@sigstore/verify'
import { digestOf, splitDigest } from '../../oci/digest.ts'
import type { Field } from './fields-of.ts'
import { NO_TRUST, trustOf } from './trusted-root.ts'

/** The trust roots that a policy may name, and that which stands for those of it that name none. */
export class TrustRoots {
  readonly #byName = new Map<string, TrustMaterial>()
  readonly #otherwise: TrustMaterial | undefined

  constructor(otherwise: TrustMaterial | undefined) {
    this.#otherwise = otherwise
  }

  /** Takes a document of the kind TrustRoot. @throws {ExpectedError} INPUT_INVALID */
  add(name: string, spec: Field): void {
    const { sigstoreKeys } = spec.only('sigstoreKeys', 'remote', 'repository')
    for (const other of ['remote', 'repository']) if (spec.at(other).isThere) spec.only('sigstoreKeys')
    this.#byName.set(name, readKeys(sigstoreKeys))
  }

  /** What a field that may refer to a trust root stands for. @throws {ExpectedError} INPUT_INVALID */
  find(reference: Field): TrustMaterial {
    const name = reference.optionalText()
    if (name !== undefined) {
      return this.#byName.get(name) ?? reference.refuse(`no TrustRoot of that name is among the policies: ${name}`)
    }
    return (
      this.#otherwise ??
      reference.refuse(
        'nothing says which authorities are trusted',
        'Name a trusted_root.json with --trusted-root, or a TrustRoot with trustRootRef. Nothing is fetched for it; a bundle that was made with one carries it, and extract writes it.',
      )
    )
  }
}

function readKeys(field: Field): TrustMaterial {
  const all = field.only('certificateAuthorities', 'tLogs', 'ctLogs', 'timestampAuthorities')
  const several = (list: Field, read: (entry: Field) => object) => (list.isThere ? list.list().map(read) : [])
  const root = {
    certificateAuthorities: several(all.certificateAuthorities, readAuthority),
    timestampAuthorities: several(all.timestampAuthorities, readAuthority),
    tlogs: several(all.tLogs, readLog),
    ctlogs: several(all.ctLogs, readLog),
  }
  return { ...NO_TRUST, ...trustOf(root, (problem) => field.refuse(problem)) }
}

function readAuthority(field: Field): object {
  const { certChain, uri } = field.only('subject', 'uri', 'certChain')
  const certificates = [...pemOf(certChain).matchAll(CERTIFICATE)].map(([, body = '']) => ({
    rawBytes: body.replaceAll(/\s/g, ''),
  }))
  if (certificates.length === 0) return certChain.refuse('holds no certificate in PEM')
  return { uri: uri.optionalText(), certChain: { certificates } }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

function readLog(field: Field): object {
  const { baseURL, hashAlgorithm, publicKey } = field.only('baseURL', 'hashAlgorithm', 'publicKey')
  hashAlgorithm.oneOf(['sha-256', 'sha256'], 'sha256')
  let der: Buffer
  try {
    der = createPublicKey(pemOf(publicKey)).export({ type: 'spki', format: 'der' })
  } catch {
    return publicKey.refuse('is no public key in PEM')
  }
  const keyId = Buffer.from(splitDigest(digestOf(der)).hex, 'hex').toString('base64')
  return { baseUrl: baseURL.text(), publicKey: { rawBytes: der.toString('base64') }, logId: { keyId } }
}

/** Bytes stand in a Kubernetes object as base64; people also write the text itself. */
function pemOf(field: Field): string {
  const text = field.text()
  return text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8')
}
