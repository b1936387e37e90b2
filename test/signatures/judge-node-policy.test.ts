import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { nodePolicyFindings } from '../../src/signatures/node-policy/judge-node-policy.ts'
import { ecKeys, type KeyPair, pemOf } from '../support/der.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { findProgram } from '../support/named-tools.ts'
import { addLegacy, type LegacySignature, legacySignature } from '../support/signature-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const run = promisify(execFile)
const [mine, yours] = [ecKeys(), ecKeys()]
const keyData = ({ publicKey }: KeyPair) => Buffer.from(pemOf(publicKey)).toString('base64')
const ANYTHING = [{ type: 'insecureAcceptAnything' }]
const by = (keys: KeyPair, identity: object | null = { type: 'matchRepository' }) => [
  { type: 'sigstoreSigned', keyData: keyData(keys), ...(identity && { signedIdentity: identity }) },
]

/** A policy.json by the host of a registry, and what becomes of an image of it that is signed with `mine`. */
type Case = [why: string, policy: (host: string) => object, taken: 'yes' | 'no' | 'unknown', sign?: Sign]
type Sign = (name: string, digest: string) => LegacySignature | undefined

const docker = (scopes: object, otherwise: object = ANYTHING) => ({
  default: otherwise,
  transports: { docker: scopes },
})
const CASES: Case[] = [
  ['anything is taken', () => ({ default: ANYTHING }), 'yes', () => undefined],
  ['nothing is taken', () => ({ default: [{ type: 'reject' }] }), 'no'],
  ['its key', (host) => docker({ [host]: by(mine) }), 'yes'],
  ['another key', (host) => docker({ [host]: by(yours) }), 'no'],
  ['no signature', (host) => docker({ [host]: by(mine) }), 'no', () => undefined],
  [
    'the repository decides, not its host',
    (host) => docker({ [host]: by(yours), [`${host}/shop/web`]: by(mine) }),
    'yes',
  ],
  ['what lies above it decides', (host) => docker({ [`${host}/shop`]: by(yours), [host]: by(mine) }), 'no'],
  [
    'the tag decides before the repository',
    (host) => docker({ [`${host}/shop/web`]: by(mine), [`${host}/shop/web:1`]: [{ type: 'reject' }] }),
    'no',
  ],
  ['another repository', (host) => docker({ [`${host}/shop/we`]: by(yours) }), 'yes'],
  ['all of the transport', () => docker({ '': by(yours) }), 'no'],
  ['all that is asked for', (host) => docker({ [host]: [...by(mine), { type: 'reject' }] }), 'no'],
  [
    'one of several keys',
    (host) =>
      docker({
        [host]: [
          {
            type: 'sigstoreSigned',
            keyDatas: [keyData(yours), keyData(mine)],
            signedIdentity: { type: 'matchRepository' },
          },
        ],
      }),
    'yes',
  ],
  ['names with their tag, which cosign does not write', (host) => docker({ [host]: by(mine, null) }), 'no'],
  [
    'with its tag',
    (host) => docker({ [host]: by(mine, null) }),
    'yes',
    (name, digest) => legacySignature({ digest, name: `${name}:1` }, mine.privateKey),
  ],
  [
    'another name',
    (host) => docker({ [host]: by(mine) }),
    'no',
    (name, digest) => legacySignature({ digest, name: `${name}2` }, mine.privateKey),
  ],
  [
    'the other name',
    (host) => docker({ [host]: by(mine, { type: 'exactRepository', dockerRepository: 'upstream.example/web' }) }),
    'yes',
    (_, digest) => legacySignature({ digest, name: 'upstream.example/web' }, mine.privateKey),
  ],
  [
    'the signature of another image',
    (host) => docker({ [host]: by(mine) }),
    'no',
    (name) => legacySignature({ digest: `sha256:${'0'.repeat(64)}`, name }, mine.privateKey),
  ],
]
const UNKNOWN: Case[] = [
  [
    'a signature of GPG',
    (host) => docker({ [host]: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/a.gpg' }] }),
    'unknown',
  ],
  ['a key on the node', (host) => docker({ [host]: [{ type: 'sigstoreSigned', keyPath: '/etc/a.pub' }] }), 'unknown'],
  [
    'a certificate',
    (host) =>
      docker({
        [host]: [{ type: 'sigstoreSigned', fulcio: { caPath: '/etc/ca', oidcIssuer: 'x', subjectEmail: 'x' } }],
      }),
    'unknown',
  ],
  ['a log', (host) => docker({ [host]: [{ ...by(mine)[0], rekorPublicKeyData: 'x' }] }), 'unknown'],
  [
    'another way to compare names',
    (host) => docker({ [host]: by(mine, { type: 'remapIdentity', prefix: 'a', signedPrefix: 'b' }) }),
    'unknown',
  ],
]

// Debian builds its skopeo and podman without signatures of this form.
const skopeo = findProgram('skopeo')
if (!skopeo)
  process.stderr.write('not run: the same of skopeo, which needs one that reads sigstore in NODESEED_TOOLS\n')

test.for([...CASES, ...UNKNOWN])(
  `policy.json${skopeo ? ', as skopeo has it' : ' (skopeo was not asked)'}: %s`,
  async ([, policyOf, taken, sign]) => {
    const registry = await MemoryRegistry.start()
    registry.misbehave = ({ url }, response) => url === '/v2/' && response.end('{}')
    const name = `${registry.host}/shop/web`
    const target = registry.addImage('shop/web', '1', [Buffer.from('web')])
    const make: Sign = sign ?? ((own, digest) => legacySignature({ digest, name: own }, mine.privateKey))
    const signature = make(name, target.digest)
    const manifest = signature && addLegacy(registry, 'shop/web', target, [signature])
    const attachments = manifest ? [{ subject: target.digest, tag: 'sha256-x.sig', target: manifest, blobs: [] }] : []
    const image: LockedImage = { reference: `${name}:1`, names: [], target, platforms: [], attachments }
    const policy = JSON.stringify(policyOf(registry.host))
    const read = async ({ digest, mediaType }: { digest: string; mediaType: string }) => {
      const kind = mediaType.includes('manifest') ? 'manifests' : 'blobs'
      return Buffer.from(await (await fetch(`http://${registry.host}/v2/shop/web/${kind}/${digest}`)).arrayBuffer())
    }
    const codes = (await nodePolicyFindings([image], { text: policy, file: 'policy.json' }, read)).map(
      ({ code }) => code,
    )
    expect(codes).toEqual({ yes: [], no: ['NODE_POLICY_REFUSES'], unknown: ['NODE_POLICY_UNJUDGED'] }[taken])
    if (!skopeo || taken === 'unknown') return
    const directory = await temporaryDirectory()
    await mkdir(join(directory, 'd'))
    await writeFile(join(directory, 'd/a.yaml'), `docker:\n  "${registry.host}":\n    use-sigstore-attachments: true\n`)
    await writeFile(join(directory, 'policy.json'), policy)
    const files = ['--policy', join(directory, 'policy.json'), '--registries.d', join(directory, 'd')]
    const copy = [
      'copy',
      '--src-tls-verify=false',
      '--remove-signatures',
      `docker://${name}:1`,
      `dir:${join(directory, 'image')}`,
    ]
    const isTaken = await run(skopeo, [...files, ...copy]).then(
      () => true,
      () => false,
    )
    expect(isTaken).toBe(taken === 'yes')
  },
)

test.for([
  'not JSON',
  '[]',
  '{}',
  '{"default":[]}',
  '{"default":[{}]}',
  '{"default":[{"type":"reject"}],"transports":{"docker":[]}}',
  '{"default":[{"type":"reject"}],"default":[{"type":"insecureAcceptAnything"}]}',
])('no policy.json: %s', async (text) => {
  const reading = nodePolicyFindings([], { text, file: 'policy.json' }, async () => Buffer.alloc(0))
  await expect(reading).rejects.toThrow(/^policy\.json: /)
})
