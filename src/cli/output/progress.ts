import type { SingleBar } from 'cli-progress'
import { onEarlyEnd } from '../../early-end.ts'
import { formatBytes } from '../../oci/format-bytes.ts'
import { say } from './streams.ts'
import { printable } from './terminal/printable.ts'
import { isQuiet, isVerbose } from './volume/volume.ts'

/** Shows how far a long transfer is: a bar on a terminal, a line now and then elsewhere, nothing where quiet is wanted. Always on stderr. */
export interface Progress {
  /** `total` in bytes. */
  start(title: string, total: number): Promise<void>
  add(bytes: number): void
  stop(): void
}

/** Milliseconds between two lines where there is no terminal. */
const LINE_INTERVAL = 5000

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (isQuiet()) return SILENT
  // Lines that come in between would tear a bar apart.
  return stream.isTTY && !isVerbose() ? new BarProgress(stream) : new LineProgress()
}

const SILENT: Progress = { start: async () => {}, add: () => {}, stop: () => {} }

class BarProgress implements Progress {
  readonly #stream: NodeJS.WriteStream
  #bar: SingleBar | undefined
  #forget: (() => void) | undefined

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  async start(title: string, total: number): Promise<void> {
    const { default: cliProgress } = await import('cli-progress')
    this.#bar = new cliProgress.SingleBar({
      stream: this.#stream,
      format: `${printable(title)} {bar} {percentage}%  {value} of {total}  {eta_formatted} left`,
      // Nothing has arrived yet, and nobody can tell; it is a text then.
      formatTime: (seconds, options, step) =>
        Number(seconds) === 0 ? '…' : cliProgress.Format.TimeFormat(seconds, options, step),
      formatValue: (value, _options, type) =>
        type === 'value' || type === 'total' ? formatBytes(value) : String(value),
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 100,
    })
    // It hides the cursor, which is to come back however the run ends.
    this.#forget = onEarlyEnd(() => this.stop())
    this.#bar.start(total, 0)
  }

  add(bytes: number): void {
    this.#bar?.increment(bytes)
  }

  stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
    this.#forget?.()
  }
}

class LineProgress implements Progress {
  #timer: NodeJS.Timeout | undefined
  #bytes = 0

  async start(title: string, total: number): Promise<void> {
    this.#timer = setInterval(() => {
      say(`${title}: ${formatBytes(this.#bytes)} of ${formatBytes(total)}`)
    }, LINE_INTERVAL)
    this.#timer.unref()
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
