import { countOf } from '../../plural.ts'
import type { Audit, WorkloadVerdict } from '../audit.ts'
import { idleReason } from '../findings/accounting.ts'
import { type AccountedImages, isOnlyPossible, type NamedPresence, type UnjudgedImage } from '../named/named-images.ts'
import { PRESENCE_WORDS } from '../named/named-words.ts'
import { type FailOn, fails, VERDICT_WORDS } from './severity.ts'

/** How much there is of what, as `audit --json` prints it. */
export interface AuditSummary extends Readonly<Record<WorkloadVerdict, number>> {
  readonly notJudged: number
  /** Of the judged workloads: those that want no pods now. */
  readonly idle: number
  /** The images that are named outside of judged pods, without those that nobody is sure of. */
  readonly images: Readonly<Record<NamedPresence, number>>
  /** Images that must be there and whose names are not known: an operator's choice, a chart that is elsewhere. */
  readonly unnamed: number
}

interface LeftOut {
  readonly notJudged: readonly unknown[]
  readonly images: Pick<AccountedImages, 'named'>
  readonly unnamed: readonly unknown[]
}

type Summed = Audit & Partial<LeftOut>

export function summaryOf({ workloads, notJudged = [], images, unnamed = [] }: Summed): AuditSummary {
  const count = (wanted: WorkloadVerdict) => workloads.filter(({ verdict }) => verdict === wanted).length
  const sure = sureImages(images?.named ?? [])
  const countImages = (wanted: NamedPresence) => sure.filter(({ presence }) => presence === wanted).length
  return {
    ...{ safe: count('safe'), atRisk: count('atRisk'), impossible: count('impossible'), unknown: count('unknown') },
    notJudged: notJudged.length,
    idle: workloads.filter(({ workload }) => idleReason(workload) !== undefined).length,
    images: {
      ...{ everywhere: countImages('everywhere'), some: countImages('some') },
      ...{ nowhere: countImages('nowhere'), unknown: countImages('unknown') },
    },
    unnamed: unnamed.length,
  }
}

/** `7 safe, 1 not judged`, and how many of them want no pods now; on a line of its own what is said of other images. */
export function auditSummary(result: Summed): string {
  const { notJudged, idle, images, unnamed, ...verdicts } = summaryOf(result)
  const said = (Object.keys(verdicts) as WorkloadVerdict[]).flatMap((verdict) =>
    verdicts[verdict] > 0 ? [`${verdicts[verdict]} ${VERDICT_WORDS[verdict]}`] : [],
  )
  if (notJudged > 0) said.push(`${notJudged} not judged`)
  const idleWords = idle > 0 ? ` (${idle} of them ${idle === 1 ? 'wants' : 'want'} no pods now)` : ''
  const words = said.length > 0 ? [`${said.join(', ')}${idleWords}`] : []
  const total = Object.values(images).reduce((sum, count) => sum + count, 0)
  if (total > 0) {
    const places = (Object.keys(images) as NamedPresence[]).flatMap((presence) =>
      images[presence] > 0 ? [`${images[presence]} ${PRESENCE_WORDS[presence]}`] : [],
    )
    words.push(`${countOf(total, 'image')} named elsewhere: ${places.join(', ')}`)
  }
  if (unnamed > 0) words.push(`${countOf(unnamed, 'place')} whose images are not known`)
  return words.join('\n')
}

/** Whether anything is as bad as the mildest verdict to fail on; what could not be judged is as bad as unknown. */
export function failsOn(result: Audit & LeftOut, failOn: FailOn): boolean {
  const isLeftOut = result.notJudged.length + result.unnamed.length > 0
  return (
    (isLeftOut && fails('unknown', failOn)) ||
    result.workloads.some(({ verdict }) => fails(verdict, failOn)) ||
    result.images.named.some((image) => failsFor(image, failOn))
  )
}

/**
 * Whether an image that is named elsewhere fails the audit: where its pods land is not known, so that anything less than
 * every node counts as unknown. One that nobody is sure of does not.
 */
export function failsFor(image: UnjudgedImage, failOn: FailOn): boolean {
  return !isOnlyPossible(image) && image.presence !== 'everywhere' && fails('unknown', failOn)
}

/** What is surely enough an image. */
export function sureImages(named: readonly UnjudgedImage[]): readonly UnjudgedImage[] {
  return named.filter((image) => !isOnlyPossible(image))
}
