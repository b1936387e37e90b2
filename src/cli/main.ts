import './assume-user.ts'
import { fileURLToPath } from 'node:url'
import { execute, type Interfaces, settings } from '@oclif/core'

interface Source {
  /** The single executable brings its commands along. */
  readonly plugins?: Map<string, Interfaces.Plugin>
  /** Asks the commands themselves what they are, not what the build wrote down of them. */
  readonly ignoreManifest?: boolean
}

/** Runs the command line. The package.json decides where the commands are: `dist/` when installed, `src/` in development. */
export async function main(pjson: Interfaces.PJSON, source: Source = {}): Promise<void> {
  settings.enableAutoTranspile = false
  // A reader that has seen enough (`nodeseed scan . | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  await execute({ loadOptions: { root: fileURLToPath(new URL('../..', import.meta.url)), pjson, ...source } })
}
