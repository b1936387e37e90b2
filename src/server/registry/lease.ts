import type { RegistryContent } from './content.ts'

/** Content for the time of one answer. */
export interface Lease {
  readonly content: RegistryContent
  release(): void
}

/** Where answers get their content from; it can become other content between two of them. */
export interface ContentSource {
  lease(): Lease
}

interface Generation {
  readonly content: RegistryContent
  readonly close: () => Promise<void>
  leases: number
  isCurrent: boolean
}

/** Content that can be replaced while it is served: answers that are under way end with what they began with. */
export class ReplaceableContent implements ContentSource {
  #current: Generation

  /** `close` is called when the content has been replaced and the last answer from it has ended. */
  constructor(content: RegistryContent, close: () => Promise<void>) {
    this.#current = { content, close, leases: 0, isCurrent: true }
  }

  get content(): RegistryContent {
    return this.#current.content
  }

  lease(): Lease {
    const generation = this.#current
    generation.leases++
    return { content: generation.content, release: () => this.#release(generation) }
  }

  replace(content: RegistryContent, close: () => Promise<void>): void {
    const old = this.#current
    this.#current = { content, close, leases: 0, isCurrent: true }
    old.isCurrent = false
    if (old.leases === 0) void old.close()
  }

  /** Closes the current content. Call it when the server has been closed. */
  async close(): Promise<void> {
    await this.#current.close()
  }

  #release(generation: Generation): void {
    generation.leases--
    if (!generation.isCurrent && generation.leases === 0) void generation.close()
  }
}
