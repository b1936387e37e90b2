import type { Attachment, LockedImage } from '../../src/bundle/format/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { verifySignatures } from '../../src/signatures/verify-signatures.ts'
import { addBundles, addLegacy, type LegacySignature } from '../support/signature-maker.ts'

/** An image with what is attached to it, in memory. */
export class SignedImage {
  image: LockedImage
  readonly attachments: Attachment[] = []
  readonly problems: Error[] = []
  readonly #blobs = new Map<Digest, Buffer>()

  constructor(name = 'registry.example/shop/web', text = 'image') {
    const target = this.#add(Buffer.from(JSON.stringify({ text })), OCI_MANIFEST)
    const config = this.#add(Buffer.from('{}'), OCI_CONFIG)
    const platform = { platform: { os: 'linux', architecture: 'amd64' }, manifest: target, config, layers: [] }
    const names = [`${name}:1`, `${name}@${target.digest}`]
    this.image = { reference: `${name}:1`, names, target, platforms: [platform] }
  }

  get digest(): Digest {
    return this.image.target.digest
  }

  legacy(...signatures: readonly LegacySignature[]): this {
    return this.#attach(this.image.target, [addLegacy(this.#store, 'a', this.image.target, signatures)])
  }

  bundles(...bundles: readonly object[]): this {
    return this.#attach(this.image.target, addBundles(this.#store, 'a', this.image.target, bundles))
  }

  /** Anything at all, as it would be attached. */
  manifest(document: object, subject = this.image.target): this {
    return this.#attach(subject, [this.#add(Buffer.from(JSON.stringify(document)), OCI_MANIFEST)])
  }

  blob(content: Buffer, mediaType: string): Descriptor {
    return this.#add(content, mediaType)
  }

  /** What a policy says of it: who signed, or the codes and reasons for which it is refused. */
  async check(policy: string, { root, now = new Date() }: { root?: string; now?: Date } = {}) {
    const policies = [{ file: 'policy.yaml', text: policy }]
    const trustedRoot = root === undefined ? undefined : { file: 'root.json', text: root }
    const [checked] = await verifySignatures(
      [this.image],
      { policies, trustedRoot },
      {
        attachedTo: async () => ({ attachments: this.attachments, problems: this.problems }),
        read: async (_, { digest }) => this.#blobs.get(digest) ?? Buffer.alloc(0),
        now,
      },
    )
    if (!checked) throw new Error('nothing was checked')
    const { image, refusals } = checked
    return {
      signatures: image.signatures ?? [],
      codes: refusals.map(({ code }) => code),
      why: refusals.map(({ message }) => message).join('\n'),
    }
  }

  #store = {
    addBlob: (_: string, content: Buffer, mediaType = 'application/octet-stream') => this.#add(content, mediaType),
    addManifest: (_: string, _tag: string | undefined, document: object, mediaType: string) =>
      this.#add(Buffer.from(JSON.stringify(document)), mediaType),
    addReferrers: () => {},
  }

  #attach({ digest: subject }: Descriptor, targets: readonly Descriptor[]): this {
    for (const { mediaType, digest, size } of targets) {
      this.attachments.push({ subject, target: { mediaType, digest, size }, blobs: [] })
    }
    return this
  }

  #add(content: Buffer, mediaType: string): Descriptor {
    const digest = digestOf(content)
    this.#blobs.set(digest, content)
    return { mediaType, digest, size: content.length }
  }
}

/** A ClusterImagePolicy of one authority. */
export function policyOf(
  authority: object,
  { glob = 'registry.example/shop/*', ...spec }: { glob?: string; mode?: string } = {},
): string {
  return JSON.stringify({
    ...{ apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'shop' } },
    spec: { images: [{ glob }], authorities: [authority], ...spec },
  })
}
