/**
 * How often a property is tried: so often in every run of the suite, RUNS times as often where the environment says so:
 * `RUNS=100 npx vitest run test/server/hostile-requests.test.ts`. The limit of time grows with it.
 */
export function runs(standard: number): number {
  return standard * RUNS
}

export const RUNS = Number(process.env.RUNS ?? 1)
