import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Servers of one run: each writes to a log of its own, and all end together. */
export class ProcessGroup {
  readonly #children: ChildProcess[] = []
  readonly #logs: string
  #isStopping = false

  constructor(logs: string) {
    this.#logs = logs
  }

  start(name: string, program: string, args: readonly string[], env = process.env): ChildProcess {
    const log = openSync(join(this.#logs, `${name}.log`), 'a')
    const child = spawn(program, args, { stdio: ['ignore', log, log], env })
    child.once('exit', (code) => {
      if (code && !this.#isStopping)
        process.stderr.write(`${name} ended with ${code}: see ${join(this.#logs, `${name}.log`)}\n`)
    })
    this.#children.push(child)
    return child
  }

  /** The last lines that a server wrote. */
  async tail(name: string, lines = 15): Promise<string> {
    const text = await readFile(join(this.#logs, `${name}.log`), 'utf8')
    return text.trimEnd().split('\n').slice(-lines).join('\n')
  }

  /** The last to start is the first to end. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await Promise.race([ended, sleep(10_000).then(() => child.kill('SIGKILL'))])
    }
  }
}

/** So long a machine that does much else may take for anything. What is right ends sooner, whatever the limit. */
const LIMIT_SECONDS = 600

/** For kubectl. */
export const PATIENTLY = `--timeout=${LIMIT_SECONDS}s`

/** Asks again and again until there is an answer; what was thrown last is thrown when the time is over. */
export async function eventually<T>(ask: () => Promise<T | undefined>, { every = 500 } = {}): Promise<T> {
  const end = Date.now() + LIMIT_SECONDS * 1000
  let last: unknown = new Error(`nothing within ${LIMIT_SECONDS} s`)
  while (Date.now() < end) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
      last = new Error(`nothing within ${LIMIT_SECONDS} s`)
    } catch (error) {
      last = error
    }
    await sleep(every)
  }
  throw last
}
