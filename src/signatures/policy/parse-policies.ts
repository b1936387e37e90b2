import type { TrustMaterial } from '@sigstore/verify'
import { ExpectedError } from '../../errors.ts'
import { type Document, readAllDocuments } from '../../kubernetes/documents/document.ts'
import { type Resource, resourcesOf } from '../../kubernetes/objects/resource.ts'
import { readAuthority } from './authority.ts'
import { Field } from './fields-of.ts'
import { globExpression } from './image-glob.ts'
import type { ImagePolicies, ImagePolicy } from './image-policy.ts'
import { TrustRoots } from './trust-roots.ts'

/** A file of policies, by its text. */
export interface PolicyText {
  readonly file: string
  readonly text: string
}

/**
 * The policies of files that hold what the policy controller of Sigstore has in a cluster: ClusterImagePolicy, TrustRoot,
 * and the ConfigMap config-policy-controller, which says what becomes of an image that no policy covers (deny unless it
 * says otherwise). `trusted` counts for what names no trust root.
 *
 * @throws {ExpectedError} INPUT_INVALID for what is none of these, and for every field that is not understood
 */
export function parsePolicies(texts: readonly PolicyText[], trusted: TrustMaterial | undefined): ImagePolicies {
  const resources = texts.flatMap(({ file, text }) => readAllDocuments(text, file).flatMap((one) => found(one, file)))
  const roots = new TrustRoots(trusted)
  for (const resource of resources.filter(({ kind }) => kind === 'TrustRoot')) {
    roots.add(resource.name, fieldOf(resource).at('spec'))
  }
  const policies = resources.filter(({ kind }) => kind === 'ClusterImagePolicy').map((one) => readPolicy(one, roots))
  const settings = resources.filter(({ kind }) => kind === 'ConfigMap').map((one) => readNoMatch(fieldOf(one)))
  if (policies.length > 0) return { policies, noMatch: settings[0] ?? 'deny' }
  const files = texts.map(({ file }) => file).join(', ')
  throw new ExpectedError('INPUT_INVALID', `${files}: no ClusterImagePolicy`, {
    hint: 'Write a ClusterImagePolicy (policy.sigstore.dev), as docs/signatures.md shows, or take that of your cluster: kubectl get clusterimagepolicies -o yaml',
  })
}

function found(document: Document, file: string): Resource[] {
  const resources = resourcesOf(document)
  const other = resources.find((resource) => !isKnown(resource))
  if (resources.length > 0 && !other) return resources
  const what = other ? `${other.kind} ${other.name} is no policy` : 'not a Kubernetes object'
  throw new ExpectedError('INPUT_INVALID', `${file}:${document.line}: ${what}`, {
    hint: 'A policy file holds ClusterImagePolicy, TrustRoot, and the ConfigMap config-policy-controller.',
  })
}

function isKnown({ apiVersion, kind, name }: Resource): boolean {
  if (kind === 'ConfigMap') return name === 'config-policy-controller'
  return apiVersion.startsWith('policy.sigstore.dev/') && ['ClusterImagePolicy', 'TrustRoot'].includes(kind)
}

function fieldOf({ document, path, value }: Resource): Field {
  return new Field(document, path, value)
}

function readPolicy(resource: Resource, roots: TrustRoots): ImagePolicy {
  const whole = fieldOf(resource)
  const { metadata, spec } = whole.only('apiVersion', 'kind', 'metadata', 'spec', 'status')
  const name = metadata.at('name').word()
  const { images, authorities, mode } = spec.only('images', 'authorities', 'mode')
  const globs = images.list().map((image) => {
    const { glob } = image.only('glob')
    return globExpression(glob.text()) ?? glob.refuse('is no pattern of images')
  })
  return {
    name,
    covers: (names) => globs.some((glob) => names.some((one) => glob.test(one))),
    mode: mode.oneOf(['enforce', 'warn'], 'enforce'),
    authorities: authorities.list().map((authority, index) => readAuthority(authority, index, roots)),
  }
}

function readNoMatch(whole: Field): ImagePolicies['noMatch'] {
  return whole.at('data').at('no-match-policy').oneOf(['deny', 'warn', 'allow'], 'deny')
}
