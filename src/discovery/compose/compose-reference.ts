import type { Path } from '../../kubernetes/documents/path.ts'
import { findReference } from '../../oci/reference.ts'
import { type Key, readKey } from '../classify/key.ts'
import { likelihoodOf } from '../classify/reference-likelihood.ts'
import { HOST, hasHost, partsOfPath, type UnderImage, withName } from './path-parts.ts'
import type { SurroundingParts } from './surrounding-parts.ts'

/** One named text: an entry of a map, an environment variable, a parameter. */
export interface Entry {
  readonly name: string
  readonly text: string
  readonly path: Path
  /** What it is called where it stands, if its name says only what it means. */
  readonly called?: string
}

/** A reference put together from several entries. */
export interface Composition {
  readonly reference: string
  readonly path: Path
  /** The entries that it took, in the order of the reference. */
  readonly from: readonly Entry[]
  /** Whether some part names an image, so that the whole is surely one. */
  readonly isSure: boolean
}

interface ReferencePart extends Entry {
  readonly key: Key
  readonly entry: Entry
}

interface ComposeOptions {
  /** The entries stand under an image key, where `name` is the repository; or farther below one. */
  readonly ofImage?: UnderImage
  /** What an image that is a bare word (`image: proxyv2`) has from above. */
  readonly inherit?: () => SurroundingParts | undefined
}

interface Compositions {
  readonly found: readonly Composition[]
  /** Entries that are only a part: by themselves they are no reference. */
  readonly taken: ReadonlySet<Entry>
}

/** A tag, a version, a digest, or a tag with its digest: `1.6.0@sha256:…`. */
const VERSION_TEXT = /^(?:sha256:[0-9a-f]{64}|\w[\w.+-]{0,127}(?:@sha256:[0-9a-f]{64})?)$/
const HEX = /^[0-9a-f]{64}$/

/**
 * References whose parts stand in several entries beside one another: `repository` + `tag`, `image` + `version`,
 * `registry` + `name` + `version`, `X_IMAGE_REPOSITORY` + `X_VERSION`, with a digest where there is one.
 */
export function compose(entries: readonly Entry[], { ofImage = false, inherit }: ComposeOptions = {}): Compositions {
  const parts = entries.map((entry): ReferencePart => ({ ...entry, key: readKey(entry.name), entry }))
  const found: Composition[] = []
  const taken = new Set<Entry>()
  const groups = Map.groupBy(parts, ({ key }) => key.stem)
  const around = surveyOf(parts, ofImage)
  const take = (composition: Composition | undefined): void => {
    if (!composition) return
    found.push(composition)
    for (const part of composition.from) taken.add((part as ReferencePart).entry)
  }
  for (const [stem, group] of groups) {
    const own = baseOf(group, ofImage)
    if (!own) continue
    const base = ofImage ? own : behindCommon(own, around.registry)
    const digest = digestOf(group)
    const versions = versionsFor(stem, group, base, around)
    const inherited = needsMore(base, versions, ofImage) ? completed(base, versions[0], inherit?.()) : undefined
    if (inherited) take(inherited)
    else if (versions.length === 0) take(join(base, undefined, digest))
    else for (const version of versions) take(join(base, version, digest))
    const longer = ofImage ? undefined : withName(group, base.from)
    const other = longer && versions[0] && join(longer, versions[0], digest)
    if (other) found.push({ ...other, isSure: false })
  }
  return { found, taken }
}

/** `image: proxyv2`, or a base or repository without a version: something above or beside may say the rest. */
function needsMore({ name, from }: Base, versions: readonly ReferencePart[], ofImage: UnderImage): boolean {
  const isOpen = (part: ReferencePart) =>
    /base_?image$/i.test(part.name) || (part.key.role === 'repository' && (ofImage === 'directly' || part.key.ofImage))
  return !name.includes('/') || (versions.length === 0 && from.some(isOpen))
}

/** A base with what it inherits, where that makes a complete reference to a registry, or a version was all that lacked. */
function completed(
  base: Base,
  version: ReferencePart | undefined,
  above: SurroundingParts | undefined,
): Composition | undefined {
  const tag = version?.text ?? above?.version
  if (!above || !tag) return undefined
  const isBare = !base.name.includes('/')
  if (isBare && !above.registry) return undefined
  const reference = `${isBare ? `${above.registry}/` : ''}${base.name}${tagText(tag)}`
  if (isBare && likelihoodOf(reference) !== 'strong') return undefined
  return compositionOf({ ...base, isSure: true }, reference, version ? [...base.from, version] : base.from)
}

interface Base {
  readonly name: string
  readonly from: readonly ReferencePart[]
  readonly isSure: boolean
}

/** Registry and repository of a group, without tag or digest. */
function baseOf(group: readonly ReferencePart[], ofImage: UnderImage): Base | undefined {
  const of = (role: string) => group.find(({ key, text }) => key.role === role && text !== '')
  const [image, repository, registry, name] = [of('image'), of('repository'), of('registry'), of('name')]
  // Other things than images have a repository and a version; `repository` with `tag` is theirs alone.
  const isPair = repository !== undefined && /repository$/i.test(repository.name) && of('tag') !== undefined
  const isSure = ofImage !== false || isPair || group.some(({ key }) => key.ofImage)
  const pathParts = partsOfPath(image, repository, registry, name, ofImage)
  if (pathParts.length === 0) return undefined
  const path = pathParts.map(({ text }) => text.replace(/\/$/, '')).join('/')
  const withRegistry = registry && !pathParts.includes(registry) && !hasHost(path)
  const full = withRegistry ? `${registry.text.replace(/\/$/, '')}/${path}` : path
  const reference = findReference(full)
  if (!reference?.domain || reference.tag || reference.digest || HOST.test(full)) return undefined
  return { name: full, from: withRegistry ? [registry, ...pathParts] : pathParts, isSure }
}

/** `IMAGE_REGISTRY: r.example.com` is for every `X_IMAGE_NAME: team/x` beside it that has no host. */
function behindCommon(base: Base, registry: ReferencePart | undefined): Base {
  if (!registry || base.from.includes(registry) || !base.name.includes('/') || hasHost(base.name)) return base
  return { ...base, name: `${registry.text.replace(/\/$/, '')}/${base.name}`, from: [registry, ...base.from] }
}

/** What all parts together offer to each base; looked through once, however many bases there are. */
interface Survey {
  readonly images: number
  readonly isVersion: (part: ReferencePart) => boolean
  /** The first version of each stem, and its place among all parts. */
  readonly versions: ReadonlyMap<string, { readonly part: ReferencePart; readonly index: number }>
  /** Versions that say that they are those of an image. */
  readonly ofImages: readonly ReferencePart[]
  /** A host that is said for no image alone. */
  readonly registry: ReferencePart | undefined
}

function surveyOf(parts: readonly ReferencePart[], ofImage: UnderImage): Survey {
  const isVersion = (part: ReferencePart): boolean => VERSION_TEXT.test(part.text) && isVersionPart(part, ofImage)
  const versions = new Map<string, { part: ReferencePart; index: number }>()
  for (const [index, part] of parts.entries()) {
    if (part.key.stem !== '' && !versions.has(part.key.stem) && isVersion(part)) {
      versions.set(part.key.stem, { part, index })
    }
  }
  return {
    images: parts.filter(({ key }) => key.role === 'image').length,
    isVersion,
    versions,
    ofImages: parts.filter((part) => part.key.ofImage && isVersion(part)),
    registry: parts.find(({ key, text }) => key.role === 'registry' && key.stem === '' && HOST.test(text)),
  }
}

/** The versions that a base is used with: of its own stem, of a shorter one, or any that says it is an image's. */
function versionsFor(
  stem: string,
  group: readonly ReferencePart[],
  { from }: Base,
  around: Survey,
): readonly ReferencePart[] {
  const own = group.filter(around.isVersion)
  const first = own.find(({ key }) => key.role === 'tag') ?? own[0]
  if (first) return [first]
  const shorter = shorterVersion(stem, around)
  if (shorter) return [shorter]
  // `image` beside `defaultImageVersion` and `defaultGpuImageVersion`.
  const isOnlyImage = around.images === 1 && from.some(({ key }) => key.role === 'image')
  return isOnlyImage ? around.ofImages : []
}

/** `MONGODB_ENTERPRISE_DATABASE_IMAGE` goes with `DATABASE_VERSION`: the first version whose stem ends that of a base. */
function shorterVersion(stem: string, { versions }: Survey): ReferencePart | undefined {
  let found: { part: ReferencePart; index: number } | undefined
  for (let at = stem.indexOf(' '); at >= 0; at = stem.indexOf(' ', at + 1)) {
    const version = versions.get(stem.slice(at + 1))
    if (version && (!found || version.index < found.index)) found = version
  }
  return found?.part
}

function isVersionPart({ key, text }: ReferencePart, ofImage: UnderImage): boolean {
  return (
    key.role === 'tag' ||
    (key.role === 'version' && (ofImage !== false || key.ofImage || /\d/.test(text) || text === 'latest'))
  )
}

function digestOf(group: readonly ReferencePart[]): ReferencePart | undefined {
  return group.find(({ key, text }) => key.role === 'digest' && (HEX.test(text) || text.startsWith('sha256:')))
}

function join(
  base: Base,
  version: ReferencePart | undefined,
  digest: ReferencePart | undefined,
): Composition | undefined {
  if (!version && !digest) {
    // Registry and repository make a name; a single part is no composition.
    return base.from.length > 1 ? compositionOf(base, base.name, base.from) : undefined
  }
  const hash = digest && (HEX.test(digest.text) ? `sha256:${digest.text}` : digest.text)
  const tag = version && tagText(version.text)
  const text = `${base.name}${tag ?? ''}${hash ? `@${hash}` : ''}`
  const from = [...base.from, version, digest].filter((part) => part !== undefined)
  return compositionOf({ ...base, isSure: base.isSure || from.some(({ key }) => key.ofImage) }, text, from)
}

/** A version as the end of a reference: a tag cannot hold `+`, and a digest may stand in the place of a tag. */
export function tagText(version: string): string {
  return version.startsWith('sha256:') ? `@${version}` : `:${version.replaceAll('+', '-')}`
}

function compositionOf(
  { from: [first], isSure }: Base,
  reference: string,
  from: readonly ReferencePart[],
): Composition | undefined {
  const likelihood = likelihoodOf(reference)
  if (likelihood === 'none' || !first) return undefined
  const of = (role: string) => from.find(({ key }) => key.role === role)
  const at = of('image') ?? of('repository') ?? first
  return { reference, path: at.path, from, isSure: isSure || likelihood === 'strong' }
}
