import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { auditedNodes } from '../facts/audited-node.ts'
import type { Conditions } from '../facts/conditions.ts'
import { nameOnNode } from '../facts/images/image-lookup.ts'
import type { ImageReason } from '../verdict/image-rules.ts'
import { imageOutcomes } from '../verdict/image-step.ts'
import { firstObstacle, type Outcome } from '../verdict/outcome.ts'
import { judgedPlaces } from './judged-places.ts'
import type { ScannedImage } from './scanned-image.ts'

/** On which nodes a pod would find an image: every one, some, none; or nobody can tell of those that may have it. */
export type NamedPresence = 'everywhere' | 'some' | 'nowhere' | 'unknown'

/** An image that something names whose pods nobody judges: an argument, a ConfigMap, a custom resource. */
export interface UnjudgedImage {
  /** The CRI form. */
  readonly image: string
  /** The places that name it, the surest first. */
  readonly uses: readonly [ScannedImage, ...ScannedImage[]]
  /** Whether the bundle holds it; undefined where none is given. */
  readonly isBundled: boolean | undefined
  readonly presence: NamedPresence
  /** Nodes on which it can be used. */
  readonly holders: number
  /** Why it cannot, or nobody can tell, on the others. */
  readonly obstacles: readonly { readonly outcome: Outcome<ImageReason>; readonly nodes: readonly string[] }[]
}

/** Every image that inputs name: those that judged pods start, and the others. */
export interface AccountedImages {
  /** In CRI form; their workloads' verdicts say where they are. */
  readonly judged: ReadonlySet<string>
  /** An image can be both: one pod of it is judged, and an argument names it for another. */
  readonly named: readonly UnjudgedImage[]
}

/** What judged pods do not account for is looked up on every node: it is not known where its pods land. */
export function accountImages(
  images: readonly ScannedImage[],
  workloads: readonly Workload[],
  nodes: readonly Node[],
  facts: LookupFacts,
): AccountedImages {
  const isJudged = judgedPlaces(workloads)
  const judged = new Set<string>()
  const others: ScannedImage[] = []
  for (const image of images) {
    if (image.image === undefined) continue
    if (isJudged(image)) judged.add(image.image)
    else others.push(image)
  }
  // That a text may be an image is no news where a pod is known to start it.
  const news = others.filter(({ image, confidence }) => confidence !== 'possible' || !judged.has(image as string))
  return { judged, named: namedImages(news, nodes, facts) }
}

interface LookupFacts {
  readonly locked: ReadonlyMap<string, LockedImage>
  readonly conditions: Conditions
}

function namedImages(
  others: readonly ScannedImage[],
  nodes: readonly Node[],
  { locked, conditions }: LookupFacts,
): UnjudgedImage[] {
  const named = Array.from(
    Map.groupBy(others, ({ image }) => image as string),
    ([image, uses]) => ({ image, uses: bySureness(uses), asked: askedOf(uses, locked), ...emptyTally() }),
  )
  if (named.length === 0) return []
  for (const node of auditedNodes(nodes, locked, conditions)) {
    for (const one of named) {
      const obstacle = firstObstacle(imageOutcomes(one.asked, node, conditions))
      if (!obstacle) one.holders++
      else addObstacle(one.obstacles, obstacle, nameOfNode(node.node))
    }
  }
  return named.map(({ image, uses, asked, holders, obstacles }) => {
    const left = [...obstacles.values()]
    const isBundled = conditions.lock && asked.some((one) => one.locked !== undefined)
    const isUnclear = left.some(({ outcome }) => outcome.starts === null)
    const presence = presenceOfAll(holders, left.length > 0, isUnclear)
    return { image, uses, isBundled, presence, holders, obstacles: left }
  })
}

/** Whether nobody is sure that it is an image at all. */
export function isOnlyPossible({ uses }: UnjudgedImage): boolean {
  return uses[0].confidence === 'possible'
}

function presenceOfAll(holders: number, isLacking: boolean, isUnclear: boolean): NamedPresence {
  if (holders > 0) return isLacking ? 'some' : 'everywhere'
  return isUnclear ? 'unknown' : 'nowhere'
}

const SURENESS = { certain: 0, likely: 1, possible: 2 } as const

function bySureness(uses: readonly ScannedImage[]): UnjudgedImage['uses'] {
  const sorted = uses.toSorted((a, b) => SURENESS[a.confidence] - SURENESS[b.confidence])
  return sorted as readonly ScannedImage[] as UnjudgedImage['uses']
}

/** Each reference and policy that places give together, once: the strictest decides. */
function askedOf(uses: readonly ScannedImage[], locked: ReadonlyMap<string, LockedImage>) {
  const asked = new Map(
    uses.map(({ reference, policy = '', policyFrom }) => {
      const name = nameOnNode(reference)
      const held = name === undefined ? undefined : locked.get(name)
      return [`${policy} ${policyFrom} ${name}`, { reference, name, policy, policyFrom, locked: held }] as const
    }),
  )
  return [...asked.values()]
}

type Obstacles = Map<string, { outcome: Outcome<ImageReason>; nodes: string[] }>

function emptyTally(): { holders: number; obstacles: Obstacles } {
  return { holders: 0, obstacles: new Map() }
}

function addObstacle(obstacles: Obstacles, outcome: Outcome<ImageReason>, node: string): void {
  const key = `${outcome.reason} ${outcome.message}`
  const known = obstacles.get(key)
  if (known) known.nodes.push(node)
  else obstacles.set(key, { outcome, nodes: [node] })
}
