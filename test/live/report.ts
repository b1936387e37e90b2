/** Says of each check whether it held, one line each. */
export class Report {
  failed = 0
  #passed = 0
  readonly #only: string | undefined

  constructor(only: string | undefined) {
    this.#only = only
  }

  /** Runs a check unless another one is wanted. Later checks may build on it, so that only whole parts can be chosen. */
  async part(name: string, checks: () => Promise<void>): Promise<void> {
    if (this.#only !== undefined && !this.#only.split(',').includes(name)) return
    console.log(`# ${name}`)
    try {
      await checks()
    } catch (error) {
      this.failed++
      console.log(`FAIL ${name} ended early: ${(error as Error).message}`)
    }
  }

  async check(title: string, held: () => Promise<void>): Promise<void> {
    const start = Date.now()
    try {
      await held()
      this.#passed++
      console.log(`ok   ${title} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
    } catch (error) {
      this.failed++
      console.log(`FAIL ${title}: ${(error as Error).message}`)
    }
  }

  /** Says aloud what is not checked. */
  skip(title: string, reason: string): void {
    console.log(`skip ${title}: ${reason}`)
  }

  summary(): string {
    return `${this.#passed} passed, ${this.failed} failed`
  }
}
