import { type Finding, finding } from '../../finding.ts'
import { countOf } from '../../plural.ts'
import { isOnlyPossible, type NamedPresence, type UnjudgedImage } from '../named/named-images.ts'
import { sayUses } from '../named/named-words.ts'

const CODES = {
  some: 'NAMED_IMAGE_ON_SOME_NODES',
  nowhere: 'NAMED_IMAGE_NOWHERE',
  unknown: 'NAMED_IMAGE_UNKNOWN',
} as const satisfies Record<Exclude<NamedPresence, 'everywhere'>, string>

/** The images that are named outside of judged pods, and are not on every node, one finding each. */
export function namedFindings(images: readonly UnjudgedImage[], nodes: number): Finding[] {
  return images.flatMap((one): Finding[] => {
    const { image, presence, uses } = one
    if (presence === 'everywhere') return []
    const code = isOnlyPossible(one) ? 'POSSIBLE_IMAGE_LACKING' : CODES[presence]
    const { file, line } = uses[0]
    return [finding(code, `${image}: ${whereOf(one, nodes)}: ${sayUses(one)}`, { file, line, subject: image })]
  })
}

function whereOf({ presence, holders, isBundled }: UnjudgedImage, nodes: number): string {
  const of = countOf(nodes, 'node')
  const where = {
    everywhere: `on all of ${of}`,
    some: `on ${holders} of ${of}`,
    nowhere: `on none of ${of}`,
    unknown: `on none of ${of} for sure`,
  }[presence]
  if (isBundled === undefined) return where
  return `${where}, and ${isBundled ? '' : 'not '}in the bundle`
}
