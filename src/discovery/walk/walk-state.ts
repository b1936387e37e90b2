import type { Path } from '../../kubernetes/documents/path.ts'
import type { PodImageGap } from '../../kubernetes/objects/pod-images.ts'
import type { Key } from '../classify/key.ts'
import type { PlaceholderValues } from '../classify/placeholders.ts'
import type { MadeElsewhere } from '../operators/made-elsewhere.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import type { Layer } from '../uses/image-use.ts'

/** One walk over a value: where it is, and what it has found. */
export interface Walk {
  readonly apiVersion: string
  /** In how many texts the value is embedded. */
  readonly depth: number
  /** The value is no whole resource: values for a template (`image: proxyv2`) are completed elsewhere. */
  readonly isLoose: boolean
  /** What the API says is a pod spec, whatever its shape. */
  readonly podSpec: unknown
  /** From the value to the present place; grows and shrinks on the way. */
  readonly path: (string | number)[]
  /** The maps on that way. */
  readonly maps: Record<string, unknown>[]
  readonly found: ImageCandidate[]
  readonly gaps: PodImageGap[]
  /** Containers and image volumes of pod specs: their images are read as the kubelet reads them. */
  readonly claimed: Set<unknown>
  /** Values that something gives a name: environment variables, parameters. */
  readonly named: Map<string, string>
  /** Texts under image keys that wait for the values of their placeholders. */
  readonly open: OpenText[]
  /** Those that found none. */
  readonly unresolved: UnresolvedImage[]
  /** What the user says that names stand for. */
  readonly vars: PlaceholderValues
  /** What tables say of a resource that stands as text. */
  readonly readInside: ReadInside
  /** What something else makes of such resources. */
  readonly elsewhere: MadeElsewhere[]
}

/** What tables say of a resource, before any guess; undefined of one that names no image. */
export type ReadInside = (resource: Record<string, unknown>) => ToldInside | undefined

interface ToldInside {
  readonly candidates: readonly ImageCandidate[]
  readonly isClaimed: (path: Path) => boolean
  readonly elsewhere: (isSilent: boolean) => readonly MadeElsewhere[]
}

interface OpenText {
  readonly text: string
  readonly path: Path
  readonly textLine: number | undefined
  readonly place: Place
  /** Of a container: nothing fills in its image but what makes the whole resource. */
  readonly pod?: Pick<ImageCandidate, 'policy' | 'container'>
}

/** An image whose name is not complete: a placeholder in it has no value. */
export interface UnresolvedImage {
  readonly text: string
  readonly path: Path
  readonly textLine: number | undefined
  readonly container: string | undefined
  /** The image of a container of a built-in kind: nothing fills it in once it is in the cluster. */
  readonly isPodSpec: boolean
}

/** What a walk finds. */
export interface Found {
  readonly candidates: readonly ImageCandidate[]
  /** Containers without a usable image; in a custom resource only those that have something else there. */
  readonly gaps: readonly PodImageGap[]
  readonly unresolved: readonly UnresolvedImage[]
  /** What something else makes of resources that stand as text. */
  readonly elsewhere: readonly MadeElsewhere[]
}

/** What the way to a value says about it. */
export interface Place {
  readonly layer: Layer
  readonly container: string | undefined
  /** What texts here are where their own key says nothing: `images: {web: …}`, `image: {name: …}`. */
  readonly outer: Key
  /** Programs complete texts here, so a bare word proves nothing: parameters. */
  readonly isLoose?: boolean
}

export const OTHER: Key = { role: 'other', stem: '', ofImage: false }
export const MENTION: Key = { role: 'mention', stem: '', ofImage: true }
export const IMAGE: Key = { role: 'image', stem: '', ofImage: true }

/** Notes a candidate at the present place, unless it names another. */
export function add(
  walk: Walk,
  place: Place,
  candidate: Pick<ImageCandidate, 'reference' | 'confidence' | 'why'> & Partial<ImageCandidate>,
): void {
  const { layer, container } = place
  walk.found.push({ path: [...walk.path], textLine: undefined, policy: undefined, layer, container, ...candidate })
}

/** What is found on the way is no more than possible, as far as that is told of it. */
export function asPossible(walk: Walk, isOnly: (candidate: ImageCandidate) => boolean, visit: () => void): void {
  const first = walk.found.length
  visit()
  for (let index = first; index < walk.found.length; index++) {
    const candidate = walk.found[index]
    if (candidate && isOnly(candidate)) walk.found[index] = { ...candidate, confidence: 'possible' }
  }
}
