import type { TrustMaterial } from '@sigstore/verify'
import { ExpectedError } from '../../errors.ts'
import { type Document, readAllDocuments } from '../../kubernetes/documents/document.ts'
import { duplicateKeysIn } from '../../kubernetes/documents/duplicate-keys.ts'
import { hasUniqueKeys } from '../../kubernetes/documents/yaml.ts'
import { isObject, type Resource, resourcesOf } from '../../kubernetes/objects/resource.ts'
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
  refuseTwice(resources)
  const roots = new TrustRoots(trusted)
  for (const resource of resources.filter(({ kind }) => kind === 'TrustRoot')) {
    roots.add(resource.name, fieldOf(resource).only(...OBJECT, 'spec', 'status').spec)
  }
  const policies = resources.filter(({ kind }) => kind === 'ClusterImagePolicy').map((one) => readPolicy(one, roots))
  const settings = resources.filter(({ kind }) => kind === 'ConfigMap').map((one) => readNoMatch(fieldOf(one)))
  if (policies.length > 0) return { policies, noMatch: settings[0] ?? 'deny' }
  const files = texts.map(({ file }) => file).join(', ')
  throw new ExpectedError('INPUT_INVALID', `${files}: no ClusterImagePolicy`, {
    hint: 'Write a ClusterImagePolicy (policy.sigstore.dev), as docs/signatures.md shows, or take that of your cluster: kubectl get clusterimagepolicies -o yaml',
  })
}

/** The fields of every object. */
const OBJECT = ['apiVersion', 'kind', 'metadata'] as const

function found(document: Document, file: string): Resource[] {
  refuseTwins(document)
  const resources = resourcesOf(document)
  const { value } = document
  const items = isObject(value) && Array.isArray(value.items) ? value.items.length : 0
  if (resources.length < items) new Field(document, ['items'], value).refuse('not every item is a Kubernetes object')
  const other = resources.find((resource) => !isKnown(resource))
  if (resources.length > 0 && !other) return resources
  const what = other ? `${other.kind} ${other.name} is no policy` : 'not a Kubernetes object'
  throw new ExpectedError('INPUT_INVALID', `${file}:${document.line}: ${what}`, {
    hint: 'A policy file holds ClusterImagePolicy, TrustRoot, and the ConfigMap config-policy-controller.',
  })
}

/** The last of two equal keys would count, and nobody would see which. */
function refuseTwins(document: Document): void {
  const { source, file, line, hasUniqueKeys: isUnique } = document
  if (isUnique || hasUniqueKeys(source)) return
  const [twin] = duplicateKeysIn(source)
  const what = twin ? `the key ${twin.key} stands twice in one map` : 'a key stands twice in one map'
  throw new ExpectedError('INPUT_INVALID', `${file}:${line + (twin?.line ?? 0)}: ${what}`, {
    hint: 'Leave one of them out: in a cluster one would count, and the other would not.',
  })
}

/** In a cluster the last of two objects of one name is there alone. */
function refuseTwice(resources: readonly Resource[]): void {
  const known = new Set<string>()
  for (const resource of resources) {
    const name = `${resource.kind} ${resource.name}`
    if (known.has(name)) fieldOf(resource).at('metadata').at('name').refuse(`${name} is there twice`)
    known.add(name)
  }
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
  const { metadata, spec } = whole.only(...OBJECT, 'spec', 'status')
  const name = metadata.at('name').word()
  const { images, authorities, mode } = spec.only('images', 'authorities', 'mode')
  const globs = images.list().map((image) => {
    const { glob } = image.only('glob')
    return globExpression(glob.text()) ?? glob.refuse('is no pattern of images')
  })
  const read = authorities.list().map((authority, index) => readAuthority(authority, index, roots))
  const names = read.map((one) => one.name)
  const twin = names.findIndex((one, index) => names.indexOf(one) < index)
  if (twin >= 0) authorities.list()[twin]?.refuse(`there is an authority ${names[twin]} already`)
  return {
    name,
    covers: (names) => globs.some((glob) => names.some((one) => glob.test(one))),
    mode: mode.oneOf(['enforce', 'warn'], 'enforce'),
    authorities: read,
  }
}

/** Settings of the controller that change nothing here: a policy without authorities is refused in any case. */
const NOT_ASKED = ['fail-on-empty-authorities', 'enable-oci11', '_example'] as const

function readNoMatch(whole: Field): ImagePolicies['noMatch'] {
  const { data } = whole.only(...OBJECT, 'data')
  const settings = data.only('no-match-policy', ...NOT_ASKED)
  return settings['no-match-policy'].oneOf(['deny', 'warn', 'allow'], 'deny')
}
