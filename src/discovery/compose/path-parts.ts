import type { Key } from '../classify/key.ts'

/** One text that may be a part of the path of a reference. */
interface PathPart {
  readonly key: Key
  readonly text: string
}

export type UnderImage = 'directly' | 'below' | false

/** A host alone is no repository: `repository: quay.io`. */
export const HOST = /^[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?::\d+)?$/i
/** What is an owner's name where every repository has two components. */
const OWNER = /^(?:quay\.io|ghcr\.io|(?:[a-z]+\.)?gcr\.io|public\.ecr\.aws)\/[^/]+\/?$/

/** Which parts make the path of a reference, in their order; empty where none does. */
export function partsOfPath<P extends PathPart>(
  image: P | undefined,
  repository: P | undefined,
  registry: P | undefined,
  name: P | undefined,
  ofImage: UnderImage,
): P[] {
  // `repository: nvcr.io/nvidia, image: driver`: only an image without a path needs the repository before it.
  if (image && repository) return image.text.includes('/') ? [image] : [repository, image]
  if (image) return [image]
  if (repository) return isPrefix(repository, name, ofImage) && name ? [repository, name] : [repository]
  if (registry && name) return [registry, name]
  // `image: {gallery: {name: ubuntu, version: 1}}` is a machine's; a path makes the name one of an image all the same.
  const isNamed = ofImage === 'directly' || name?.text.includes('/')
  return ofImage && name && isNamed ? [name] : []
}

/** `images: {web: {repository: org, name: web, tag: v1}}`: a repository of one component is what the name stands in. */
function isPrefix({ text }: PathPart, name: PathPart | undefined, ofImage: UnderImage): boolean {
  const path = hasHost(`${text}/`) ? text.slice(text.indexOf('/') + 1) : text
  const isShort = HOST.test(text) || !path.includes('/')
  return (
    (ofImage !== false || OWNER.test(text)) && isShort && name !== undefined && path !== name.text && name.text !== ''
  )
}

/**
 * A repository of a host and one component with the name beside it: outside of images that says what the repository is
 * for, or ends it. Undefined where the parts are others.
 */
export function withName<P extends PathPart>(
  group: readonly P[],
  [repository, ...others]: readonly P[],
): { name: string; from: P[]; isSure: boolean } | undefined {
  const name = group.find(({ key, text }) => key.role === 'name' && text !== '')
  if (repository?.key.role !== 'repository' || others.length > 0 || !name) return undefined
  const path = repository.text.replace(/\/$/, '')
  if (!/^[^/]+\/[^/]+$/.test(path) || !hasHost(path) || path.endsWith(`/${name.text}`)) return undefined
  return { name: `${path}/${name.text}`, from: [repository, name], isSure: false }
}

/** Whether a path begins with the host of a registry. */
export function hasHost(path: string): boolean {
  const first = path.slice(0, path.indexOf('/'))
  return /[.:]/.test(first) || first === 'localhost'
}
