import { findReference } from '../../../oci/reference.ts'
import { valueAt } from '../../documents/path.ts'
import { isObject, objectsOf, textsOf } from '../../objects/resource.ts'
import { type LabelSelector, willSelect } from '../../pods/label-selector.ts'
import { type Appearance, appearancesOf, isSelected, type Matcher, mayBeIn, type NewPod } from './pod-matching.ts'
import { fitsWildcard } from './wildcard.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Whether a rule of Kyverno may be about a pod, by what it matches and excludes. A rule about pods is one about what makes
 * them too. Source: kyverno.io/docs/policy-types/cluster-policy/match-exclude.
 */
export function ruleMatcher({ match, exclude }: Fields): Matcher {
  return (pod) => {
    const met = appearancesOf(pod).filter((one) => meets(match, (filter) => mayFit(filter, one)))
    return met.some((one) => !meets(exclude, (filter) => surelyFits(filter, one, pod)))
  }
}

/** Whether what is matched, or excluded, is said of something: by any of some filters, by all of them, or by the only one. */
function meets(said: unknown, isFitting: (filter: Fields) => boolean): boolean {
  if (!isObject(said)) return false
  const { any, all, ...only } = said
  if (Array.isArray(any) && objectsOf(any as Fields[]).some(isFitting)) return true
  if (Array.isArray(all)) return all.length > 0 && objectsOf(all as Fields[]).every(isFitting)
  return !Array.isArray(any) && isObject(only.resources) && isFitting(only)
}

function mayFit({ resources }: Fields, one: Appearance): boolean {
  const { kinds, namespaces, namespaceSelector, selector, name, names, operations } = fieldsOf(resources)
  const called = [...textsOf(names), ...textsOf([name])]
  return (
    isOneOf(kinds, one) &&
    isAmong(textsOf(namespaces), one.namespace) &&
    mayBeIn(one, namespaceSelector) &&
    isSelected(selector, one) &&
    (one.name === undefined || isAmong(called, one.name)) &&
    (textsOf(operations).length === 0 || /CREATE|UPDATE/.test(textsOf(operations).join()))
  )
}

/** What is excluded for sure: nothing of it depends on who asks, or on what is known only later. */
function surelyFits({ resources, ...people }: Fields, one: Appearance, pod: NewPod): boolean {
  const { kinds, namespaces, namespaceSelector, selector, name, names, operations, ...others } = fieldsOf(resources)
  if (!isObject(resources) || [...Object.values(people), ...Object.values(others)].some(isSaid)) return false
  if (isSaid(name) || isSaid(names) || isSaid(operations) || !isSurelySelected(selector, one)) return false
  const isKind = !isSaid(kinds) || isOneOf(kinds, one) || isOneOf(kinds, { ...one, kind: 'Pod', group: '' })
  const isThere = pod.namespaceLabels !== undefined || !isSaid(namespaceSelector)
  return isKind && isThere && isAmong(textsOf(namespaces), one.namespace) && mayBeIn(one, namespaceSelector)
}

function isSurelySelected(selector: unknown, { labels, pending }: Appearance): boolean {
  if (!isObject(selector)) return true
  return labels !== undefined && willSelect(selector as LabelSelector, labels, pending) === true
}

function isSaid(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isObject(value) ? Object.keys(value).length > 0 : Boolean(value)
}

/** Whether a name fits one of some patterns; none means any. */
function isAmong(patterns: readonly string[], name: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => fitsWildcard(pattern, name))
}

/** `Pod`, `v1/Pod`, `apps/v1/Deployment`; of `Pod/exec` and `Pod.status` the last part is a subresource. */
function isOneOf(kinds: unknown, { group, version, kind }: Appearance): boolean {
  return textsOf(kinds).some((said) => {
    const [own = '', ...before] = said.split('/').reverse()
    const [named = '', sub] = own.split('.')
    if (sub !== undefined || /^[a-z]/.test(named)) return false
    const [ofVersion = '*', ofGroup = '*'] = before
    return fitsWildcard(named, kind) && fitsWildcard(ofVersion, version) && fitsWildcard(ofGroup, group)
  })
}

function fieldsOf(resources: unknown): Fields {
  return isObject(resources) ? resources : {}
}

/** Whether a pod has an image that one of some patterns means, by its name as it is written or in full; none means all. */
export function imageMatcher(patterns: readonly string[]): Matcher {
  if (patterns.length === 0) return () => true
  return ({ images }) => images.flatMap(namesOf).some((name) => patterns.some((pattern) => fitsWildcard(pattern, name)))
}

/** The images that a rule verifies; of a check that names none, all. */
export function verifiedImages(verifyImages: unknown): Matcher {
  const matchers = objectsOf(verifyImages as Fields[] | undefined).map(({ imageReferences, image }) =>
    imageMatcher([...textsOf(imageReferences), ...textsOf([image])]),
  )
  return (pod) => matchers.some((isAbout) => isAbout(pod))
}

function namesOf(image: string): string[] {
  const reference = findReference(image)
  if (!reference) return [image]
  const { domain, path, tag, digest } = reference
  const suffix = `${tag ? `:${tag}` : digest ? '' : ':latest'}${digest ? `@${digest}` : ''}`
  return [image, `${domain}/${path}${suffix}`, `${domain}/${path.replace(/^library\//, '')}${suffix}`]
}

/** What a rule changes that may be something else than what makes it act: its `targets`. */
export function targetMatcher(mutate: unknown): Matcher {
  const kinds = objectsOf(valueAt(mutate, ['targets']) as Fields[] | undefined).map(({ kind }) => kind)
  return (pod) => appearancesOf(pod).some((one) => isOneOf(kinds, one))
}
