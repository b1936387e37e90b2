import type { WorkloadVerdict } from '../audit.ts'

/** From which verdict on an audit fails. */
export const FAIL_ON = ['unknown', 'atRisk', 'impossible', 'never'] as const

export type FailOn = (typeof FAIL_ON)[number]

const RANKS: Record<WorkloadVerdict | 'never', number> = { safe: 0, unknown: 1, atRisk: 2, impossible: 3, never: 4 }

/** The words for people. */
export const VERDICT_WORDS: Record<WorkloadVerdict, string> = {
  safe: 'safe',
  atRisk: 'at risk',
  impossible: 'impossible',
  unknown: 'unknown',
}

/** Whether a verdict is as bad as the mildest one to fail on, or worse. */
export function fails(verdict: WorkloadVerdict, failOn: FailOn): boolean {
  return RANKS[verdict] >= RANKS[failOn]
}
