/** One step of the path: what one would type, and what came of it. */
export interface Step {
  readonly title: string
  readonly command: string
  /** A few lines for people. */
  readonly said: readonly string[]
  /** Where the result lies, if it is a file or a directory. */
  readonly output?: string
}
