import { createHash, type KeyObject, sign } from 'node:crypto'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { certificate, certificatePem, ecKeys, type KeyPair, pemOf, spki, TIME_STAMPING } from './der.ts'
import { type EntryKind, logBody } from './log-body.ts'

const SIGNATURE = 'dev.cosignproject.cosign/signature'
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'
const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest()

/** What things are attached to images in: a registry, or only its contents. */
export interface SignatureStore {
  addBlob(repository: string, content: Buffer, mediaType?: string): Descriptor
  addManifest(repository: string, tag: string | undefined, document: object, mediaType: string): Descriptor
  addReferrers(repository: string, digest: string, manifests: readonly object[]): void
}

/** A layer of a signature as cosign's second version makes it: payload and annotations. */
export interface LegacySignature {
  readonly payload: Buffer
  readonly annotations: Record<string, string>
}

export interface LegacyOptions {
  readonly digest: string
  readonly name?: string
  readonly type?: string
}

export function payloadOf({ digest, name = 'a/b', type = 'cosign container image signature' }: LegacyOptions): Buffer {
  const critical = { identity: { 'docker-reference': name }, image: { 'docker-manifest-digest': digest }, type }
  return Buffer.from(JSON.stringify({ critical, optional: null }))
}

/** Signs with a key: with a hash, or as ed25519 does. */
export function signBytes(bytes: Buffer, key: KeyObject, hash = 'sha256'): Buffer {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : hash, bytes, key)
}

export function legacySignature(options: LegacyOptions, key: KeyObject, hash?: string): LegacySignature {
  const payload = payloadOf(options)
  const text = signBytes(payload, key, hash).toString('base64')
  return { payload, annotations: { [SIGNATURE]: text } }
}

/** Puts signatures where cosign's second version looks for them. */
export function addLegacy(
  registry: SignatureStore,
  repository: string,
  subject: Descriptor,
  signatures: readonly LegacySignature[],
): Descriptor {
  const config = registry.addBlob(repository, Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json')
  const layers = signatures.map(({ payload, annotations }) => ({
    ...registry.addBlob(repository, payload, SIMPLE_SIGNING),
    annotations,
  }))
  const tag = `${subject.digest.replace(':', '-')}.sig`
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
  return registry.addManifest(repository, tag, manifest, OCI_MANIFEST)
}

/** Attaches bundles as cosign's third version does. */
export function addBundles(
  registry: SignatureStore,
  repository: string,
  subject: Descriptor,
  bundles: readonly object[],
): Descriptor[] {
  const config = registry.addBlob(repository, Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  const made = bundles.map((bundle) => {
    const layers = [registry.addBlob(repository, Buffer.from(JSON.stringify(bundle)), BUNDLE_TYPE)]
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: BUNDLE_TYPE, config, layers, subject }
    return { ...registry.addManifest(repository, undefined, manifest, OCI_MANIFEST), artifactType: BUNDLE_TYPE }
  })
  registry.addReferrers(repository, subject.digest, made)
  return made
}

const IN_TOTO = 'application/vnd.in-toto+json'

export interface StatementOptions {
  readonly digest: string
  readonly predicateType?: string
}

/** The statement that an image is signed, and the bytes that a signature of it is over. */
function statementOf({ digest, predicateType = 'https://sigstore.dev/cosign/sign/v1' }: StatementOptions) {
  const [algorithm = '', hex = ''] = digest.split(':')
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { [algorithm]: hex } }],
    predicateType,
    predicate: {},
  }
  const payload = Buffer.from(JSON.stringify(statement))
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${payload.length} `), payload])
  return { payload, signed }
}

/** A bundle signed with a key, as cosign makes it without a log. */
export function keyBundle(options: StatementOptions, { privateKey, publicKey }: KeyPair, hash?: string): object {
  const { payload, signed } = statementOf(options)
  const sig = signBytes(signed, privateKey, hash).toString('base64')
  return {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: { publicKey: { hint: sha256(spki(publicKey)).toString('base64') }, tlogEntries: [] },
    dsseEnvelope: { payload: payload.toString('base64'), payloadType: IN_TOTO, signatures: [{ sig, keyid: '' }] },
  }
}

const DAY = 24 * 60 * 60_000

export interface KeylessOptions {
  readonly subject?: string | Buffer
  readonly issuer?: string | Buffer
  /** When the certificate begins to hold, for ten minutes. */
  readonly from?: Date
  /** When the log saw the signature. */
  readonly loggedAt?: Date
  /** How the log keeps it, and with which certificate or key, where that is another one. */
  readonly entry?: EntryKind
  readonly loggedFor?: string
  readonly use?: string
}

/** A bundle, as far as tests change it. */
export interface KeylessBundle {
  readonly mediaType: string
  readonly verificationMaterial: {
    readonly certificate: { readonly rawBytes: string }
    readonly tlogEntries: readonly Record<string, unknown>[]
  }
  readonly dsseEnvelope: object
}

/** A certificate authority and a transparency log of one's own, as Fulcio and Rekor are those of Sigstore. */
export class OwnSigstore {
  readonly #ca = ecKeys()
  readonly #log = ecKeys()
  readonly #root: Buffer

  constructor({ from = new Date(Date.now() - 365 * DAY), to = new Date(Date.now() + 365 * DAY) } = {}) {
    const { privateKey, publicKey } = this.#ca
    this.#root = certificate({ subject: 'root', issuer: 'root', key: publicKey, by: privateKey, from, to, isCa: true })
  }

  /** The trusted root of it. */
  trustedRoot({ end, withLog = true }: { end?: Date; withLog?: boolean } = {}): string {
    const start = '2020-01-01T00:00:00Z'
    const validFor = { start, ...(end && { end: end.toISOString() }) }
    const rawBytes = spki(this.#log.publicKey)
    const log = {
      ...{ baseUrl: 'https://log.example', hashAlgorithm: 'SHA2_256' },
      publicKey: { rawBytes: rawBytes.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start } },
      logId: { keyId: sha256(rawBytes).toString('base64') },
    }
    return JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: withLog ? [log] : [],
      certificateAuthorities: [
        {
          uri: 'https://ca.example',
          certChain: { certificates: [{ rawBytes: this.#root.toString('base64') }] },
          validFor,
        },
      ],
      ctlogs: [],
      timestampAuthorities: [],
    })
  }

  get rootPem(): string {
    return certificatePem(this.#root)
  }

  get logKey(): string {
    return pemOf(this.#log.publicKey)
  }

  /** A signature without a key that anybody keeps: by a certificate of ten minutes, seen by the log. */
  legacy(options: LegacyOptions, keyless: KeylessOptions = {}): LegacySignature {
    const { key, pem, loggedAt } = this.#certify(keyless)
    const payload = payloadOf(options)
    const signature = signBytes(payload, key).toString('base64')
    const logged = this.logged({ payload, annotations: { [SIGNATURE]: signature } }, { ...keyless, pem, loggedAt })
    return { payload, annotations: { ...logged.annotations, 'dev.sigstore.cosign/certificate': pem } }
  }

  /** A signature of any key, with what the log says of it. */
  logged(
    { payload, annotations }: LegacySignature,
    { pem, loggedFor = pem, entry = 'hashedrekord 0.0.1', loggedAt }: KeylessOptions & { pem: string; loggedAt: Date },
  ): LegacySignature {
    const signature = annotations[SIGNATURE] ?? ''
    const body = logBody(entry, { payload, signed: payload, signature, pem: loggedFor })
    const bundle = JSON.stringify(this.#promise(body.toString('base64'), loggedAt))
    return { payload, annotations: { ...annotations, 'dev.sigstore.cosign/bundle': bundle } }
  }

  /** The same as a bundle, as cosign's third version makes it: with the certificate, and proof that the log has it. */
  bundle(options: StatementOptions, keyless: KeylessOptions = {}): KeylessBundle {
    const { key, pem, loggedAt } = this.#certify(keyless)
    const { payload, signed } = statementOf(options)
    const sig = signBytes(signed, key).toString('base64')
    const { entry: form = 'dsse 0.0.1', loggedFor = pem } = keyless
    const [kind, version] = form.split(' ')
    const body = logBody(form, { payload, signed, signature: sig, pem: loggedFor })
    const { SignedEntryTimestamp, Payload } = this.#promise(body.toString('base64'), loggedAt, 0)
    const rawBytes = pem.replaceAll(/-----[^-]+-----|\s/g, '')
    const root = sha256(Buffer.concat([Buffer.from([0]), body])).toString('base64')
    const entry = {
      ...{ logIndex: '0', logId: { keyId: Buffer.from(Payload.logID, 'hex').toString('base64') } },
      ...{ kindVersion: { kind, version }, integratedTime: String(Payload.integratedTime) },
      inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
      inclusionProof: {
        logIndex: '0',
        rootHash: root,
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: this.#checkpoint(root) },
      },
      canonicalizedBody: Payload.body,
    }
    return {
      mediaType: BUNDLE_TYPE,
      verificationMaterial: { certificate: { rawBytes }, tlogEntries: [entry] },
      dsseEnvelope: { payload: payload.toString('base64'), payloadType: IN_TOTO, signatures: [{ sig, keyid: '' }] },
    }
  }

  /** What the log signs of itself: one entry, and the hash of it. */
  #checkpoint(root: string): string {
    const note = `log.example\n1\n${root}\n`
    const hint = sha256(spki(this.#log.publicKey)).subarray(0, 4)
    const signature = Buffer.concat([hint, signBytes(Buffer.from(note), this.#log.privateKey)])
    return `${note}\n\u2014 log.example ${signature.toString('base64')}\n`
  }

  #certify({ subject = 'https://ci.example/shop/web', issuer = 'https://ci.example', use, ...times }: KeylessOptions) {
    const { privateKey, publicKey } = ecKeys()
    const from = times.from ?? new Date(Date.now() - DAY)
    const bytes = certificate({
      ...{ subject: '', issuer: 'root', key: publicKey, by: this.#ca.privateKey },
      ...{ from, to: new Date(from.getTime() + 600_000), identity: { subject, issuer } },
      ...(use && { use }),
    })
    return {
      key: privateKey,
      pem: certificatePem(bytes),
      loggedAt: times.loggedAt ?? new Date(from.getTime() + 60_000),
    }
  }

  /** What a log answers at once: that it has the entry, and since when. */
  #promise(body: string, at: Date, logIndex = 7) {
    const logID = sha256(spki(this.#log.publicKey)).toString('hex')
    const integratedTime = Math.floor(at.getTime() / 1000)
    const canonical = JSON.stringify({ body, integratedTime, logID, logIndex })
    const promise = signBytes(Buffer.from(canonical), this.#log.privateKey).toString('base64')
    return { SignedEntryTimestamp: promise, Payload: { body, integratedTime, logIndex, logID } }
  }
}

/** A timestamp authority of one's own, for `openssl ts`. */
export class TimestampAuthority {
  readonly #keys = ecKeys()
  readonly #certificates: { readonly leaf: Buffer; readonly root: Buffer }

  constructor() {
    const ca = ecKeys()
    const times = { from: new Date(Date.now() - DAY), to: new Date(Date.now() + DAY) }
    const common = { ...times, issuer: 'tsa root', by: ca.privateKey }
    this.#certificates = {
      leaf: certificate({ ...common, subject: 'tsa', key: this.#keys.publicKey, use: TIME_STAMPING }),
      root: certificate({ ...common, subject: 'tsa root', key: ca.publicKey, isCa: true }),
    }
  }

  /** A trusted root with this authority. */
  addedTo(trustedRoot: string): string {
    const { leaf, root } = this.#certificates
    const certificates = [leaf, root].map((bytes) => ({ rawBytes: bytes.toString('base64') }))
    const validFor = { start: '2020-01-01T00:00:00Z' }
    const authority = { uri: 'https://tsa.example', certChain: { certificates }, validFor }
    return JSON.stringify({ ...JSON.parse(trustedRoot), timestampAuthorities: [authority] })
  }

  /** What openssl reads, by the names of files in a directory. */
  files(directory: string): Record<string, string> {
    const settings = [
      ...[
        '[tsa]',
        `serial = ${directory}/serial`,
        `signer_cert = ${directory}/tsa.crt`,
        `certs = ${directory}/tsa.crt`,
      ],
      ...[
        `signer_key = ${directory}/tsa.key`,
        'signer_digest = sha256',
        'default_policy = 1.2.3.4',
        'digests = sha256',
      ],
      ...['accuracy = secs:1', 'ess_cert_id_alg = sha256', 'ordering = no', 'tsa_name = no'],
    ]
    return {
      'tsa.cnf': `${settings.join('\n')}\n`,
      'tsa.crt': certificatePem(this.#certificates.leaf),
      'tsa.key': this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      serial: '01\n',
    }
  }
}
