import fc from 'fast-check'

export const RUNS = Number(process.env.RUNS ?? 1)

/** The suite tries the same values at every run, so that it passes or fails by the code alone; RUNS tries new ones. */
if (RUNS === 1) fc.configureGlobal({ seed: 20_261_128 })

/**
 * How often a property is tried: so often in every run of the suite, RUNS times as often where the environment says so:
 * `RUNS=100 npx vitest run test/server/hostile-requests.test.ts`. The limit of time grows with it.
 */
export function runs(standard: number): number {
  return standard * RUNS
}

export { fc }
