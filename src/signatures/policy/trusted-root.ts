import { X509Certificate } from 'node:crypto'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify'
import { ExpectedError } from '../../errors.ts'
import { hasUniqueKeys } from '../../kubernetes/documents/yaml.ts'
import { parseJson } from '../../oci/json.ts'

/** Nobody is trusted. */
export const NO_TRUST: TrustMaterial = toTrustMaterial(TrustedRoot.fromJSON({}), noKey)

function noKey(): never {
  throw new Error('no key is trusted')
}

/**
 * The authorities and logs of a `trusted_root.json`, as Sigstore publishes it and cosign writes it.
 *
 * @throws {ExpectedError} INPUT_INVALID
 */
export function parseTrustedRoot(text: string, file: string): TrustMaterial {
  let value: unknown
  try {
    value = parseJson(Buffer.from(text))
  } catch (cause) {
    throw invalidRoot(file, 'not JSON', cause)
  }
  if (!hasUniqueKeys(text)) throw invalidRoot(file, 'a key stands twice in one object of it')
  const { mediaType } = (value ?? {}) as Record<string, unknown>
  if (typeof mediaType !== 'string' || !mediaType.startsWith('application/vnd.dev.sigstore.trustedroot')) {
    throw invalidRoot(
      file,
      'not a trusted root: it has no mediaType application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    )
  }
  const trust = trustOf(value, (problem, cause) => invalidRoot(file, problem, cause))
  if (trust.certificateAuthorities.length > 0 || trust.tlogs.length > 0) return trust
  throw invalidRoot(file, 'it names no certificate authority and no log')
}

/** @throws what `refuse` makes of a problem */
export function trustOf(value: unknown, refuse: (problem: string, cause: unknown) => Error): TrustMaterial {
  try {
    const root = TrustedRoot.fromJSON(value)
    for (const { certChain } of [...root.certificateAuthorities, ...root.timestampAuthorities]) {
      for (const { rawBytes } of certChain?.certificates ?? []) new X509Certificate(rawBytes)
    }
    return toTrustMaterial(root, noKey)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw refuse(`an authority or a log of it cannot be read: ${said}`, cause)
  }
}

function invalidRoot(file: string, problem: string, cause?: unknown): ExpectedError {
  return new ExpectedError('INPUT_INVALID', `${file}: ${problem}`, {
    hint: 'Name a trusted_root.json, such as cosign trusted-root create writes, or the one of Sigstore itself.',
    cause,
  })
}
