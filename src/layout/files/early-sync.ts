import type { FileHandle } from 'node:fs/promises'

/** Written bytes after which the disk is set to work. */
const INTERVAL = 256 << 20

/**
 * Has what is written to a file brought to the disk while more is on its way, so that the end does not wait for
 * gigabytes that the system still holds in memory.
 */
export class EarlySync {
  readonly #handle: FileHandle
  #written = 0
  #syncing: Promise<void> | undefined
  #failure: Error | undefined

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** @throws what the disk said of bytes that were written before: the system says it only once. */
  note(bytes: number): void {
    if (this.#failure) throw this.#failure
    this.#written += bytes
    if (this.#written < INTERVAL || this.#syncing) return
    this.#written = 0
    this.#syncing = this.#handle.datasync().then(
      () => {
        this.#syncing = undefined
      },
      (error) => {
        this.#failure = error
      },
    )
  }

  /** Waits until every byte is on the disk. */
  async finish(): Promise<void> {
    await this.#syncing
    if (this.#failure) throw this.#failure
    await this.#handle.sync()
  }

  /** Waits for what is going on, so that the file can be closed. */
  async settle(): Promise<void> {
    await this.#syncing
  }
}
