import type { WorkloadVerdict } from './audit.ts'

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

export function fails(verdict: WorkloadVerdict, failOn: FailOn): boolean {
  return RANKS[verdict] >= RANKS[failOn]
}
