import { SegmentForecaster } from './segment-forecaster.ts'

/** What pgzip gives each of its blocks of the one before it. */
const TAIL = 16384

/** klauspost/compress, by itself or in the blocks of pgzip. */
export abstract class BlockForecaster extends SegmentForecaster {
  readonly #inBlocks: boolean

  /** @param inBlocks a flush begins a block, which sees the end of the one before */
  constructor(inBlocks: boolean, recountedAfter?: number) {
    super(recountedAfter)
    this.#inBlocks = inBlocks
  }

  protected override begin(start: number, wasFlushed: boolean): void {
    if (!wasFlushed || !this.#inBlocks) return
    this.forget()
    this.floor = Math.max(this.origin, start - TAIL)
    this.work(this.floor, start)
  }

  /** How many bytes before two places are the same, not before what was written and what is seen. */
  protected sameBefore(at: number, other: number, written: number): number {
    return this.commonBefore(at, other, Math.min(at - written, other - this.floor))
  }
}
