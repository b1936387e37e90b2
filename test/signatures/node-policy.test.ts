import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { ImageSignature } from '../../src/bundle/format/fields/image-signature.ts'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { policiesForNodes } from '../../src/signatures/policies-for-nodes.ts'
import { ecKeys, type KeyPair, pemOf, spki } from '../support/der.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { findProgram } from '../support/named-tools.ts'
import { addLegacy, legacySignature, OwnSigstore } from '../support/signature-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const run = promisify(execFile)
const [mine, yours, stranger] = [ecKeys(), ecKeys(), ecKeys()]
const authority = (name: string, { publicKey }: KeyPair) => ({ name, key: { data: pemOf(publicKey) } })
const target: Descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf('i'), size: 1 }
const manifest = { ...target, digest: digestOf('signature') }

/** An image of a lock that says who signed it. */
function locked(
  reference: string,
  by: string | undefined,
  more: { signedAs?: string; isBundle?: boolean } = {},
): LockedImage {
  const { signedAs, isBundle } = more
  const signature: ImageSignature = {
    ...{ policy: 'shop', authority: by ?? '', manifest: manifest.digest },
    by: { key: digestOf(spki((by === 'b' ? yours : mine).publicKey)) },
    ...(signedAs && { signedAs }),
  }
  const attachment = { subject: target.digest, ...(!isBundle && { tag: 'sha256-x.sig' }), target: manifest, blobs: [] }
  const common = { reference, names: [reference], target, platforms: [] }
  return by === undefined ? common : { ...common, attachments: [attachment], signatures: [signature] }
}

function policyText(authorities: readonly object[], glob = '**', mode = 'enforce'): string {
  const kind = { apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'shop' } }
  return JSON.stringify({ ...kind, spec: { images: [{ glob }], authorities, mode } })
}

function nodePolicy(
  images: LockedImage[],
  text: string,
  { registry, root }: { registry?: string; root?: string } = {},
) {
  const policies = [{ file: 'policy.yaml', text }]
  const trustedRoot = root === undefined ? undefined : { file: 'root.json', text: root }
  const { files, findings } = policiesForNodes(images, { policies, trustedRoot }, { registry })
  const [policy, attachments] = files
  return {
    files,
    attachments,
    policy: JSON.parse(policy?.content ?? ''),
    findings: findings.map(({ message }) => message),
  }
}

const WEB = 'registry.example/shop/web:1'
const base64 = ({ publicKey }: KeyPair) => Buffer.from(pemOf(publicKey)).toString('base64')

test('a repository asks for the key that signed its images, under its own name; the rest of a node is not judged', () => {
  const { policy, findings, attachments } = nodePolicy(
    [locked(WEB, 'a')],
    policyText([authority('a', mine), authority('b', yours)]),
    {
      registry: 'mirror.example:5000',
    },
  )
  const signed = { type: 'sigstoreSigned', keyData: base64(mine), signedIdentity: { type: 'matchRepository' } }
  const accept = [{ type: 'insecureAcceptAnything' }]
  expect(policy).toEqual({ default: accept, transports: { docker: { 'registry.example/shop/web': [signed] } } })
  expect(findings).toEqual([])
  for (const scope of ['registry.example/shop/web', 'mirror.example:5000']) {
    expect(attachments?.content).toContain(`"${scope}":\n    use-sigstore-attachments: true`)
  }
})

test.for<[why: string, images: LockedImage[], policy: string, requirement: object, says: RegExp | undefined]>([
  [
    'two keys of one repository',
    [locked(WEB, 'a'), locked('registry.example/shop/web:2', 'b')],
    policyText([authority('a', mine), authority('b', yours)]),
    { type: 'sigstoreSigned', keyDatas: [base64(mine), base64(yours)] },
    undefined,
  ],
  [
    'a copy keeps the name it was signed under',
    [locked(WEB, 'a', { signedAs: 'upstream.example/web' })],
    policyText([authority('a', mine)]),
    { signedIdentity: { type: 'exactRepository', dockerRepository: 'upstream.example/web' } },
    undefined,
  ],
  [
    'names that differ',
    [locked(WEB, 'a', { signedAs: 'upstream.example/web' }), locked('registry.example/shop/web:2', 'a')],
    policyText([authority('a', mine)]),
    { type: 'reject' },
    /signed under several names/,
  ],
  [
    'a bundle of cosign 3',
    [locked(WEB, 'a', { isBundle: true })],
    policyText([authority('a', mine)]),
    { type: 'reject' },
    /bundle of cosign 3/,
  ],
  [
    'an image whose lock names no signature',
    [locked(WEB, undefined)],
    policyText([authority('a', mine)]),
    { type: 'reject' },
    /names no signature/,
  ],
  [
    'one of two without a signature',
    [locked(WEB, 'a'), locked('registry.example/shop/web:2', undefined)],
    policyText([authority('a', mine)]),
    { type: 'sigstoreSigned' },
    /web:2: .* names no signature/,
  ],
  [
    'an authority that has another key by now',
    [locked(WEB, 'a')],
    policyText([authority('a', yours)]),
    { type: 'reject' },
    /another key than a has/,
  ],
  [
    'a hash that containers/image does not compute',
    [locked(WEB, 'a')],
    policyText([{ name: 'a', key: { data: pemOf(mine.publicKey), hashAlgorithm: 'sha512' } }]),
    { type: 'reject' },
    /over SHA-256 only/,
  ],
  [
    'an authority that is gone',
    [locked(WEB, 'x')],
    policyText([authority('a', mine)]),
    { type: 'reject' },
    /no authority x/,
  ],
  [
    'no policy',
    [locked(WEB, undefined)],
    policyText([authority('a', mine)], 'other.example/**'),
    { type: 'reject' },
    /no policy covers it/,
  ],
  [
    'a policy that warns',
    [locked(WEB, undefined)],
    policyText([authority('a', mine)], '**', 'warn'),
    { type: 'insecureAcceptAnything' },
    undefined,
  ],
  [
    'a policy that lets pass',
    [locked(WEB, undefined)],
    policyText([{ static: { action: 'pass' } }]),
    { type: 'insecureAcceptAnything' },
    undefined,
  ],
])('%s', ([, images, text, requirement, says]) => {
  const { policy, findings } = nodePolicy(images, text)
  expect(policy.transports.docker['registry.example/shop/web']).toMatchObject([requirement])
  if (says) expect(findings.join('\n')).toMatch(says)
  else expect(findings).toEqual([])
})

test('an identity cannot be named in policy.json, so its images are refused, and that is said', () => {
  const identities = [{ issuer: 'https://ci.example', subject: 'https://ci.example/web' }]
  const root = new OwnSigstore().trustedRoot()
  const { policy, findings } = nodePolicy([locked(WEB, 'ci')], policyText([{ name: 'ci', keyless: { identities } }]), {
    root,
  })
  expect(policy.transports.docker['registry.example/shop/web']).toEqual([{ type: 'reject' }])
  expect(findings).toEqual([expect.stringContaining('signed with a certificate')])
})

// Debian builds its skopeo and podman without signatures of this form.
const skopeo = findProgram('skopeo')
if (!skopeo)
  process.stderr.write('not run: policy.json by a skopeo that reads sigstore, which needs one in NODESEED_TOOLS\n')
const title = 'skopeo takes with these files what is signed, and nothing else'
test.skipIf(!skopeo)(skopeo ? title : `${title} (did not run)`, async () => {
  const directory = await temporaryDirectory()
  const registry = await MemoryRegistry.start()
  registry.misbehave = ({ url }, response) => url === '/v2/' && response.end('{}')
  const add = (
    repository: string,
    tag: string,
    keys: KeyPair | undefined,
    signedAs = `${registry.host}/${repository}`,
  ) => {
    const image = registry.addImage(repository, tag, [Buffer.from(repository + tag)])
    if (keys)
      addLegacy(registry, repository, image, [
        legacySignature({ digest: image.digest, name: signedAs }, keys.privateKey),
      ])
    return { ...locked(`${registry.host}/${repository}:${tag}`, keys && 'a'), target: image }
  }
  const web = add('shop/web', '1', mine)
  const copy = add('shop/copy', '1', mine, 'upstream.example/copy')
  add('shop/web', 'unsigned', undefined)
  add('shop/web', 'strange', stranger)
  add('shop/web', 'other', mine, `${registry.host}/shop/debug`)
  const copied = { ...copy, signatures: copy.signatures?.map((one) => ({ ...one, signedAs: 'upstream.example/copy' })) }
  const { files, findings } = nodePolicy([web, copied as LockedImage], policyText([authority('a', mine)]))
  expect(findings).toEqual([])
  for (const { path, content } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  const take = (name: string) =>
    run(skopeo ?? '', [
      ...[
        '--policy',
        join(directory, 'signatures/policy.json'),
        '--registries.d',
        join(directory, 'signatures/registries.d'),
      ],
      ...['copy', '--src-tls-verify=false', '--remove-signatures', `docker://${registry.host}/${name}`],
      `dir:${join(directory, name.replaceAll(/\W/g, '-'))}`,
    ])
  await take('shop/web:1')
  await take('shop/copy:1')
  for (const name of ['unsigned', 'strange', 'other'])
    await expect(take(`shop/web:${name}`), name).rejects.toThrow(/[Ss]ource image rejected/)
})
