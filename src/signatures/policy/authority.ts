import type { Field } from './fields-of.ts'
import type { Authority, KeyAuthority, KeylessAuthority } from './image-policy.ts'
import { readPolicyKey } from './policy-key.ts'
import type { TrustRoots } from './trust-roots.ts'
import { NO_TRUST } from './trusted-root.ts'

/** One authority of a policy. @throws {ExpectedError} INPUT_INVALID */
export function readAuthority(field: Field, index: number, roots: TrustRoots): Authority {
  const all = field.only('name', 'key', 'keyless', 'static', 'ctlog', 'rfc3161timestamp', 'signatureFormat')
  const name = all.name.isThere ? all.name.word() : `authority-${index}`
  const kinds = [all.key, all.keyless, all.static].filter(({ isThere }) => isThere)
  if (kinds.length !== 1) return field.refuse('has to be one of key, keyless, static')
  if (all.static.isThere) {
    for (const other of [all.ctlog, all.rfc3161timestamp, all.signatureFormat]) {
      if (other.isThere) other.refuse('means nothing where static decides')
    }
    return { name, ...readStatic(all.static) }
  }
  const format = all.signatureFormat.isThere
    ? { format: all.signatureFormat.oneOf(['legacy', 'bundle'], 'bundle') }
    : {}
  const common = { name, ...format }
  const timestamps = all.rfc3161timestamp.isThere
    ? roots.find(all.rfc3161timestamp.only('trustRootRef').trustRootRef)
    : undefined
  const { url, trustRootRef } = all.ctlog.only('url', 'trustRootRef')
  const namesLog = url.isThere || trustRootRef.isThere
  // A log that is set and names nothing is one that is not asked; that of a certificate is asked unless it is so set.
  const needsLog = namesLog || (all.keyless.isThere && !all.ctlog.isThere && !timestamps)
  const logs = needsLog ? roots.find(trustRootRef) : NO_TRUST
  const trust = {
    ...NO_TRUST,
    tlogs: logs.tlogs,
    timestampAuthorities: timestamps?.timestampAuthorities ?? [],
  }
  const seen = { needsLog, needsTimestamp: timestamps !== undefined }
  if (all.key.isThere) return { ...common, ...seen, trust, ...readKey(all.key) }
  return { ...common, ...seen, ...readKeyless(all.keyless, trust, roots) }
}

function readStatic(field: Field) {
  const { action, message } = field.only('action', 'message')
  const wanted = action.text()
  if (wanted !== 'pass' && wanted !== 'fail') return action.refuse('has to be one of pass, fail')
  return { kind: 'static', action: wanted, message: message.optionalText() ?? 'the policy refuses it' } as const
}

function readKey(field: Field): Pick<KeyAuthority, 'kind' | 'key' | 'fingerprint' | 'hash'> {
  const { data, hashAlgorithm } = field.only('data', 'hashAlgorithm')
  const read = readPolicyKey(data.text())
  if ('problem' in read) return data.refuse(read.problem)
  return { kind: 'key', ...read, hash: hashAlgorithm.oneOf(['sha256', 'sha384', 'sha512'], 'sha256') }
}

function readKeyless(field: Field, trust: KeylessAuthority['trust'], roots: TrustRoots) {
  const { identities, trustRootRef, insecureIgnoreSCT } = field.only(
    'url',
    'identities',
    'trustRootRef',
    'insecureIgnoreSCT',
  )
  const { certificateAuthorities, ctlogs } = roots.find(trustRootRef)
  const tests = identities.list().map(readIdentity)
  return {
    kind: 'keyless',
    trust: { ...trust, certificateAuthorities, ctlogs },
    needsSct: !insecureIgnoreSCT.truth(),
    isIdentity: (signer) => tests.some((test) => test(signer)),
  } satisfies Partial<KeylessAuthority>
}

function readIdentity(field: Field): KeylessAuthority['isIdentity'] {
  const { issuer, issuerRegExp, subject, subjectRegExp } = field.only(
    'issuer',
    'issuerRegExp',
    'subject',
    'subjectRegExp',
  )
  const isIssuer = readTest(field, issuer, issuerRegExp, 'issuer')
  const isSubject = readTest(field, subject, subjectRegExp, 'subject')
  return (signer) => isIssuer(signer.issuer) && isSubject(signer.subject)
}

/** An expression has to fit the whole text: one that may begin anywhere is satisfied by addresses of anybody. */
function readTest(field: Field, text: Field, expression: Field, what: string): (value: string) => boolean {
  if (text.isThere && expression.isThere) return expression.refuse(`there is an ${what} already`)
  const wanted = text.optionalText()
  if (wanted !== undefined) return (value) => value === wanted
  if (!expression.isThere) return field.refuse(`has to say ${what} or ${what}RegExp`)
  try {
    // By itself too, so that what it opens it also closes.
    new RegExp(expression.text(), 'u')
    const pattern = new RegExp(`^(?:${expression.text()})$`, 'u')
    return (value) => pattern.test(value)
  } catch {
    return expression.refuse(
      'is no regular expression',
      'Write it without flags such as (?i), which JavaScript has not.',
    )
  }
}
