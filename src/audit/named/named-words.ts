import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { listNames } from '../../plural.ts'
import type { NamedPresence, UnjudgedImage } from './named-images.ts'
import type { ScannedImage } from './scanned-image.ts'

/** The words for people. */
export const PRESENCE_WORDS: Record<NamedPresence, string> = {
  everywhere: 'everywhere',
  some: 'some nodes',
  nowhere: 'nowhere',
  unknown: 'unknown',
}

/** How a place makes an image its own; what else names it only names it. */
const VERBS: Readonly<Record<string, string>> = {
  argument: 'starts it from its argument',
  environment: 'starts it from its environment',
  list: 'lists it',
}

/** `Deployment shop/op starts it from its argument: flag --worker-image (op.yaml:12)`. */
export function sayUse({ workload, layer, why, file, line }: ScannedImage): string {
  const who = workload.kind === '' || layer === 'list' ? file : nameOfResource(workload)
  return `${who} ${VERBS[layer] ?? 'names it'}: ${why} (${file}:${line})`
}

/** Who names an image first, and how many others do. */
export function sayUses({ uses }: UnjudgedImage): string {
  const others = uses.length - 1
  const more = others === 0 ? '' : `, and ${others} more ${others === 1 ? 'place' : 'places'}`
  return `${sayUse(uses[0])}${more}; which nodes its pods land on is not known`
}

/** Where it is not, or is not known to be: a text for each cause, with its nodes. */
export function sayObstacles({ obstacles, isBundled, presence }: UnjudgedImage): string[] {
  const bundle = isBundled === undefined ? [] : [`the bundle ${isBundled ? 'holds' : 'does not hold'} it`]
  if (presence === 'everywhere') return []
  return [
    ...obstacles.map(({ outcome, nodes }) => `${listNames(nodes)}: ${outcome.reason}: ${outcome.message}`),
    ...bundle,
  ]
}
