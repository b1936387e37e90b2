// The program as files of CommonJS, its dependencies within: one for each command, and what several of them need. A start
// from hundreds of small modules spends most of its time on finding and compiling them.
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { asciiOnly, lazyBuiltins, lazyOclif, ownUndici, withoutUnused } from './lazy.js'
import { licencesOf } from './licences.js'
import { start } from './start.js'

/** What threads that scan run. */
const THREAD = 'part-thread'

/**
 * Writes the program into a directory: `start.cjs`, and beside it what that loads, unless all is to be in one file.
 * Resolves to the licences of what is in it. Nothing is renamed or pressed, so that a stack trace can be read.
 */
export async function bundleProgram({ root, directory, pjson, manifest, isOneFile = false }) {
  const build = await rolldown({
    input: isOneFile
      ? 'start'
      : {
          start: 'start',
          'compile-cache': join(root, 'src/cli/compile-cache.ts'),
          [THREAD]: join(root, 'src/cli/inputs/parts/part-thread.ts'),
        },
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
  if (isOneFile) await bundleThread(root, directory)
  return licencesOf(output.flatMap(({ moduleIds = [] }) => moduleIds))
}

/** A thread of the single executable gets its code as a text, which can load nothing but what Node has. */
async function bundleThread(root, directory) {
  const input = { [THREAD]: join(root, 'src/cli/inputs/parts/part-thread.ts') }
  const build = await rolldown({ input, cwd: root, platform: 'node', logLevel: 'warn', plugins: [lazyBuiltins()] })
  const entryFileNames = '[name].cjs'
  await build.write({ dir: directory, format: 'cjs', entryFileNames, comments: false, codeSplitting: false })
  await build.close()
}
