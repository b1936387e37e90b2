/** Whether something starts; null when nobody can tell. */
export interface Outcome<Reason extends string = string> {
  readonly starts: boolean | null
  readonly reason?: Reason
  readonly message?: string
}

/** What is certainly in the way comes first, in the order of the steps; then what nobody can tell. */
export function firstObstacle<Reason extends string>(
  outcomes: readonly Outcome<Reason>[],
): Outcome<Reason> | undefined {
  return outcomes.find(({ starts }) => starts === false) ?? outcomes.find(({ starts }) => starts === null)
}
