import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary.ts'

const run = promisify(execFile)

/** A root directory in which there is nothing but a program and the shared libraries that it names. Needs root. */
export class BareRoot {
  readonly path: string
  /** What is beside the program, without versions: `libc`. */
  readonly libraries: readonly string[]
  readonly #command: readonly string[]

  private constructor(path: string, libraries: readonly string[], program: string) {
    this.path = path
    this.libraries = libraries
    this.#command = [path, `/${basename(program)}`]
  }

  static async create(program: string): Promise<BareRoot> {
    const path = await temporaryDirectory()
    const { stdout } = await run('ldd', [program])
    const libraries = [...stdout.matchAll(/\/\S+\.so\S*/g)].map(([file]) => file)
    for (const file of libraries) {
      await mkdir(join(path, dirname(file)), { recursive: true })
      await copyFile(file, join(path, file))
    }
    await copyFile(program, join(path, basename(program)))
    const names = libraries.map((file) => basename(file).replace(/\.so.*/, ''))
    return new BareRoot(path, names.filter((name) => !name.startsWith('ld-')).sort(), program)
  }

  /** Runs the program to its end; resolves to what it printed. */
  async run(...args: string[]): Promise<string> {
    return (await run('/usr/sbin/chroot', [...this.#command, ...args], { env: {} })).stdout
  }

  /** Starts the program, and waits for the first line that it prints. The test stops it. */
  async start(...args: string[]): Promise<{ line: string; process: ChildProcess }> {
    const child = spawn('/usr/sbin/chroot', [...this.#command, ...args], {
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    })
    // Its output stays open: a program that nobody listens to any more ends.
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    return { line, process: child }
  }
}
