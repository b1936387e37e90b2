import { execFileSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What the build writes last. */
const BUILT = `${ROOT}oclif.manifest.json`

/** Builds the program unless what is built is newer than every source: tests run it hundreds of times. */
export function prepareProgram(): void {
  const sources = globSync(['src/**/*', 'bin/build.js', 'bin/program/*', 'package.json', 'package-lock.json'], {
    cwd: ROOT,
  })
  const built = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (sources.every((file) => statSync(ROOT + file).mtimeMs < built)) return
  execFileSync(process.execPath, ['bin/build.js'], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${ROOT}node_modules/.bin:${process.env.PATH}` },
  })
}
