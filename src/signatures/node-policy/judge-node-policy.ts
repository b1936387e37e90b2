import type { LockedImage } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { formatReference, parseReference, type Reference, repositoryName } from '../../oci/reference.ts'
import { checkCandidate } from '../check/check-candidate.ts'
import type { Candidate } from '../found/candidate.ts'
import { findSignatures, type ReadDocument } from '../found/find-signatures.ts'
import type { KeyAuthority } from '../policy/image-policy.ts'
import { readPolicyKey } from '../policy/policy-key.ts'
import { NO_TRUST } from '../policy/trusted-root.ts'
import { type NodeRequirement, type PolicyJson, parsePolicyJson, requirementsFor } from './policy-json.ts'

/** An answer to one requirement: satisfied, or why not, or why nobody can tell here. */
type Answer = 'satisfied' | { readonly refused: string } | { readonly unknown: string }

/**
 * Which images a node with this policy.json refuses, and of which nobody can tell, by the signatures that come along.
 *
 * @throws {ExpectedError} INPUT_INVALID for what is no policy.json
 */
export async function nodePolicyFindings(
  images: readonly LockedImage[],
  { text, file }: { readonly text: string; readonly file: string },
  read: ReadDocument,
): Promise<Finding[]> {
  const policy = parsePolicyJson(text, file)
  const findings: Finding[] = []
  for (const image of images) {
    // As containers/image looks: under the tag of cosign alone.
    const attachments = (image.attachments ?? []).filter(({ tag }) => tag?.endsWith('.sig'))
    const { candidates } = await findSignatures(image.target.digest, attachments, read)
    findings.push(...judge(image, policy, candidates, file))
  }
  return findings
}

function judge(image: LockedImage, policy: PolicyJson, candidates: readonly Candidate[], file: string): Finding[] {
  const reference = parseReference(image.reference)
  const answers = requirementsFor(reference, policy).map((one) => answerTo(one, { image, reference, candidates }))
  const subject = { subject: image.reference }
  const refused = answers.flatMap((answer) =>
    typeof answer === 'object' && 'refused' in answer ? [answer.refused] : [],
  )
  if (refused.length > 0) {
    return [
      finding(
        'NODE_POLICY_REFUSES',
        `${image.reference}: a node with ${file} refuses it: ${refused.join('; ')}`,
        subject,
      ),
    ]
  }
  const unknown = answers.flatMap((answer) =>
    typeof answer === 'object' && 'unknown' in answer ? [answer.unknown] : [],
  )
  if (unknown.length === 0) return []
  return [
    finding(
      'NODE_POLICY_UNJUDGED',
      `${image.reference}: whether a node with ${file} takes it is not known: ${unknown.join('; ')}`,
      subject,
    ),
  ]
}

interface Asked {
  readonly image: LockedImage
  readonly reference: Reference
  readonly candidates: readonly Candidate[]
}

function answerTo({ type, fields }: NodeRequirement, asked: Asked): Answer {
  if (type === 'insecureAcceptAnything') return 'satisfied'
  if (type === 'reject') return { refused: 'it rejects this repository' }
  if (type === 'signedBy' || type === 'signedBaseLayer') return { unknown: 'it asks for a signature of GPG' }
  if (type !== 'sigstoreSigned')
    return { refused: `it asks for ${JSON.stringify(type.slice(0, 40))}, which nobody knows` }
  return signedAnswer(fields, asked)
}

/** Ways to say who signs of which nothing here can tell: certificates, and keys that lie on the node. */
const ELSEWHERE = [
  'fulcio',
  'pki',
  'keyPath',
  'keyPaths',
  'rekorPublicKeyPath',
  'rekorPublicKeyPaths',
  'rekorPublicKeyData',
  'rekorPublicKeyDatas',
]

function signedAnswer(fields: NodeRequirement['fields'], { image, reference, candidates }: Asked): Answer {
  if (candidates.length === 0) return { refused: 'it asks for a signature, and none comes along' }
  const elsewhere = ELSEWHERE.find((field) => fields[field] !== undefined)
  if (elsewhere) return { unknown: `who has to sign is said by ${elsewhere}` }
  const datas = [fields.keyData, ...(Array.isArray(fields.keyDatas) ? fields.keyDatas : [])]
  const texts = datas.filter((data) => typeof data === 'string').map((data) => Buffer.from(data, 'base64').toString())
  const keys = texts.map(readPolicyKey)
  if (keys.length === 0 || keys.some((key) => 'problem' in key)) return { unknown: 'its key cannot be read' }
  const isNamed = identityTest(fields.signedIdentity, reference)
  if (!isNamed) return { unknown: 'how it compares names is not known here' }
  const signed = candidates.filter((candidate) => keys.some((key) => 'key' in key && isBy(candidate, key, image)))
  if (signed.length === 0) return { refused: 'no signature that comes along is by its key' }
  if (signed.some(isNamed)) return 'satisfied'
  return { refused: `it is signed as ${signed[0]?.reference ?? 'nothing'}, and its rule for names wants another` }
}

function isBy(
  candidate: Candidate,
  { key, fingerprint }: Pick<KeyAuthority, 'key' | 'fingerprint'>,
  image: LockedImage,
): boolean {
  const seen = { trust: NO_TRUST, needsLog: false, needsTimestamp: false }
  const authority: KeyAuthority = { ...seen, kind: 'key', name: 'policy.json', key, fingerprint, hash: 'sha256' }
  return !('problem' in checkCandidate(candidate, authority, { digest: image.target.digest, now: new Date(0) }))
}

type Named = Pick<Candidate, 'name' | 'reference'>

/** Whether the name in a signature is that of the image; undefined for ways to compare that are not known here. */
function identityTest(identity: unknown, wanted: Reference): ((named: Named) => boolean) | undefined {
  const { type, dockerRepository, dockerReference } = (identity ?? { type: 'matchRepoDigestOrExact' }) as Record<
    string,
    unknown
  >
  const repository = repositoryName(wanted)
  const isExact = ({ reference }: Named) => reference === formatReference(wanted)
  if (type === 'matchRepository') return ({ name }) => name === repository
  if (type === 'exactRepository') return ({ name }) => name === dockerRepository
  if (type === 'exactReference') return ({ reference }) => reference === dockerReference
  if (type === 'matchExact') return isExact
  // Asked for by digest the repository is enough; a tag has to stand in the signature, where cosign writes none.
  if (type === 'matchRepoDigestOrExact') return (named) => (wanted.digest ? named.name === repository : isExact(named))
  return undefined
}
