/** Runs tasks that touch the same thing one after the other, in the order in which they come; all others together. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>()

  /** What a task gives, which begins when every earlier one that touches one of these things has ended. */
  run<T>(things: readonly string[], task: () => Promise<T>): Promise<T> {
    const done = Promise.allSettled(things.map((thing) => this.#last.get(thing))).then(task)
    for (const thing of things) this.#last.set(thing, done)
    return done
  }
}
