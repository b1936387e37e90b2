import { enableCompileCache } from 'node:module'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { execute, type Interfaces, settings } from '@oclif/core'

/**
 * Runs the command line. The package.json decides where the commands are: `dist/` when installed, `src/` in development;
 * the single executable brings them along as plugins.
 */
export async function main(pjson: Interfaces.PJSON, plugins?: Map<string, Interfaces.Plugin>): Promise<void> {
  enableCompileCache()
  settings.enableAutoTranspile = false
  assumeUser()
  // A reader that has seen enough (`nodeseed scan . | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  await execute({ loadOptions: { root: fileURLToPath(new URL('../..', import.meta.url)), pjson, plugins } })
}

/** In a container the user may stand in no passwd file; oclif looks there for what the environment leaves out. */
function assumeUser(): void {
  try {
    userInfo()
  } catch {
    process.env.HOME ??= '/'
    process.env.SHELL ??= '/bin/sh'
  }
}
