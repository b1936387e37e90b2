import type { KeyObject } from 'node:crypto'
import type { ImageSignature } from '../../bundle/format/fields/image-signature.ts'
import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Authority, ImagePolicy } from '../policy/image-policy.ts'

/** What policy.json asks of the images of a scope; all that a scope lists has to be satisfied. */
export type Requirement = { readonly type: 'insecureAcceptAnything' } | { readonly type: 'reject' } | SigstoreSigned

interface SigstoreSigned {
  readonly type: 'sigstoreSigned'
  readonly keyData?: string
  /** One of them is enough; from containers/image 5.33 on. */
  readonly keyDatas?: readonly string[]
  readonly rekorPublicKeyData?: string
  readonly signedIdentity: { readonly type: string; readonly dockerRepository?: string }
}

interface Problem {
  readonly image: LockedImage
  readonly problem: string
}

/** What a policy asks of the images of one repository, by who signed them; and what a node would refuse then, and why. */
export function requirementOf(
  images: readonly LockedImage[],
  { name, authorities }: ImagePolicy,
): { readonly requirement: Requirement; readonly problems: readonly Problem[] } {
  if (authorities.some((one) => one.kind === 'static' && one.action === 'pass')) {
    return { requirement: { type: 'insecureAcceptAnything' }, problems: [] }
  }
  const problems: Problem[] = []
  const signatures = images.flatMap((image) => {
    const signature = image.signatures?.find(({ policy }) => policy === name)
    const problem = signature
      ? problemOf(image, signature, authorities)
      : `its lock names no signature for the policy ${name}`
    if (problem) problems.push({ image, problem })
    return signature && !problem ? [signature] : []
  })
  const names = new Set(signatures.map(({ signedAs }) => signedAs))
  const keys = authorities.filter((one) => one.kind === 'key')
  const signers = keys.filter((one) => signatures.some(({ authority }) => authority === one.name))
  const logs = signers.map((one) => (one.needsLog ? one.trust.tlogs.map(({ publicKey }) => pemOf(publicKey)) : []))
  const [first, ...others] = signers
  const reject = (problem: string) => ({
    requirement: { type: 'reject' } as const,
    problems: [
      ...problems,
      ...images.filter((image) => !problems.some((one) => one.image === image)).map((image) => ({ image, problem })),
    ],
  })
  if (!first) return reject('nobody that policy.json can name has signed it')
  if (names.size > 1) return reject('images of its repository are signed under several names')
  if (others.length > 0 && logs.some(({ length }) => length > 0))
    return reject('policy.json cannot name several keys with logs')
  const [[log, ...moreLogs] = []] = logs
  if (moreLogs.length > 0) return reject('policy.json can name one log, and the trusted root has several')
  const [signedAs] = names
  const data = signers.map(({ key }) => base64(pemOf(key)))
  return {
    requirement: {
      type: 'sigstoreSigned',
      ...(others.length > 0 ? { keyDatas: data } : { keyData: data[0] ?? '' }),
      ...(log !== undefined && { rekorPublicKeyData: base64(log) }),
      // What cosign writes has no tag.
      signedIdentity:
        signedAs === undefined ? { type: 'matchRepository' } : { type: 'exactRepository', dockerRepository: signedAs },
    },
    problems,
  }
}

/** Why a node cannot check a signature that counts here. */
function problemOf(
  { attachments = [] }: LockedImage,
  { authority: name, manifest, by }: ImageSignature,
  authorities: readonly Authority[],
): string | undefined {
  const authority = authorities.find((one) => one.name === name)
  if (!authority) return `the policy has no authority ${name} any more`
  if (authority.kind === 'keyless') return 'it is signed with a certificate, whose identities policy.json cannot name'
  if (authority.kind === 'key' && authority.needsTimestamp) return 'policy.json knows no timestamp authorities'
  if (authority.kind === 'key' && (!('key' in by) || by.key !== authority.fingerprint)) {
    return `its lock names another key than ${name} has in the policy`
  }
  if (authority.kind === 'key' && authority.hash !== 'sha256') return 'policy.json knows signatures over SHA-256 only'
  const attachment = attachments.find(({ target }) => target.digest === manifest)
  if (!attachment) return 'its signature does not come along'
  if (attachment.tag === undefined) return 'its signature is a bundle of cosign 3, which containers/image does not read'
  return undefined
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
