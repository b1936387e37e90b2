// The program as files of CommonJS, its dependencies within: one for each command, and what several of them need. A start
// from hundreds of small modules spends most of its time on finding and compiling them.
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { asciiOnly, lazyBuiltins, lazyOclif, ownUndici, withoutUnused } from './lazy.js'
import { licencesOf } from './licences.js'
import { start } from './start.js'

/**
 * Writes the program into a directory: `start.cjs`, and beside it what that loads, unless all is to be in one file.
 * Resolves to the licences of what is in it. Nothing is renamed or pressed, so that a stack trace can be read.
 */
export async function bundleProgram({ root, directory, pjson, manifest, isOneFile = false }) {
  const build = await rolldown({
    input: isOneFile ? 'start' : { start: 'start', 'compile-cache': join(root, 'src/cli/compile-cache.ts') },
    cwd: root,
    platform: 'node',
    logLevel: 'warn',
    plugins: [
      start({ root, pjson, manifest, isOneFile }),
      withoutUnused(root),
      ownUndici(root),
      lazyOclif(),
      lazyBuiltins(),
      isOneFile && asciiOnly(),
    ],
  })
  const { output } = await build.write({
    dir: directory,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    comments: false,
    codeSplitting: !isOneFile,
  })
  await build.close()
  return licencesOf(output.flatMap(({ moduleIds = [] }) => moduleIds))
}
