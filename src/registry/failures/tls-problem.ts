import type { ErrorCode } from '../../errors.ts'

/** What keeps us from a registry. `REGISTRY` in the hint stands for its name. */
export interface Problem {
  readonly code?: ErrorCode
  readonly text: string
  readonly hint: string
  /** It stays so however often one asks. */
  readonly isLasting?: boolean
  /** Whoever says so speaks https. */
  readonly isOfHttps?: boolean
}

const NO_HTTPS = 'does not speak https'
/** By the codes of Node and of OpenSSL. */
const PROBLEMS: [codes: RegExp, text: string, hint: string][] = [
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'Renew it there; or set the clock of this machine.'],
  [
    /^CERT_NOT_YET_VALID$/,
    'its certificate is not valid yet',
    'Set the clock of this machine; or wait until the certificate counts.',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$|HOSTNAME_MISMATCH/,
    'its certificate is for another name',
    'Ask for it by a name that the certificate has, or let it have a certificate for REGISTRY.',
  ],
  [/^CERT_REVOKED$/, 'its certificate is revoked', 'Let it have another certificate.'],
  [
    /ALERT_(?:CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|UNKNOWN_CA|ACCESS_DENIED)/,
    'refuses us for our certificate, or for the lack of one',
    'Give the certificate that it wants with --client-cert FILE and --client-key FILE.',
  ],
  [
    /NO_APPLICATION_PROTOCOL/,
    'speaks only HTTP/2, and registries are asked by HTTP/1.1',
    'Let the server, or the proxy before it, speak HTTP/1.1 too.',
  ],
  [
    /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_SHARED_CIPHER|DH_KEY_TOO_SMALL/,
    'speaks https only as it was long ago',
    'Let the server speak TLS 1.2 or newer, with current keys.',
  ],
  [
    /(?:CA|EE|CERTIFICATE)_KEY_TOO_(?:SMALL|WEAK)|MD_TOO_WEAK|ALGORITHM_TOO_WEAK/,
    'its certificate has a key or a signature that is too weak',
    'Let it have a certificate with a key of at least 2048 bits (RSA) or of an elliptic curve, signed with SHA-256.',
  ],
  [
    /INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|INVALID_CA/,
    'its certificate may not be used for this',
    'Let it have a certificate for servers (extendedKeyUsage serverAuth), signed by one for authorities (CA:TRUE).',
  ],
  [
    /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$|UNABLE_TO_GET_ISSUER_CERT/,
    'its certificate is not trusted',
    'Give the authority that signed it with --ca FILE. Where that is given, let REGISTRY send the certificates between, too.',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/,
    'its certificate is not trusted',
    'Give the authority that signed it with --ca FILE.',
  ],
  [/^(?:ERR_SSL|EPROTO)/, NO_HTTPS, 'If that is right, add: --plain-http REGISTRY'],
]

/** What a handshake that failed means to a user; undefined where none did. */
export function tlsProblem(code: string, message: string): Problem | undefined {
  // A connection that an alert ends may say so in words alone.
  const alert = /alert ([a-z ]+)/.exec(message)?.[1]?.toUpperCase().replaceAll(' ', '_') ?? ''
  const words = message.toUpperCase().replaceAll(' ', '_')
  // What Node has no code for, it says in the words of OpenSSL.
  const said = /^(?:ERR_SSL|EPROTO)/.test(code) ? `${code} ALERT_${alert}` : code === 'UNSPECIFIED' ? words : code
  const [, text, hint] = PROBLEMS.find(([codes]) => codes.test(said)) ?? []
  return text && hint ? { text: `${text} (${code})`, hint, isLasting: true, isOfHttps: text !== NO_HTTPS } : undefined
}
