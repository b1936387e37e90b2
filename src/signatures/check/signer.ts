import type { Signer } from '@sigstore/verify'

/** The extension of a certificate that names its subject, and those in which Fulcio names who told it. */
const SUBJECT = '2.5.29.17'
const ISSUERS = ['1.3.6.1.4.1.57264.1.8', '1.3.6.1.4.1.57264.1.1']

/**
 * Who signed, by a certificate that was checked.
 *
 * @throws an error where it names nobody, or in letters that the library reads as others.
 */
export function signerOf({ identity = {} }: Signer): { readonly subject: string; readonly issuer: string } {
  const { subjectAlternativeName: subject, extensions, oids = [] } = identity
  const issuer = extensions?.issuer
  if (!subject || !issuer) throw new Error('its certificate does not say who signed')
  // ASCII alone: the library drops the eighth bit of a byte, so that a letter of another alphabet becomes one of ours.
  const holds = (extension: string, text: string) =>
    oids.some(({ oid, value }) => oid?.id.join('.') === extension && value.includes(Buffer.from(text)))
  if (!holds(SUBJECT, subject) || !ISSUERS.some((extension) => holds(extension, issuer))) {
    throw new Error('its certificate names who signed in letters that are not ASCII')
  }
  return { subject, issuer }
}
