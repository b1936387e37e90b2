import { readFile } from 'node:fs/promises'
import { isSea } from 'node:sea'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { ExpectedError } from '../errors.ts'
import { TOOL_FILE } from '../inventory.ts'

const compress = promisify(gzip)

/**
 * A build of this program that needs no Node, as a file to carry inside a bundle:
 * `tar -xOf BUNDLE nodeseed/tool.gz | gzip -d > nodeseed`. Without a path it is the program that runs.
 *
 * @throws {ExpectedError} USAGE when that is no single executable; INPUT_NOT_FOUND
 */
export async function readTool(path?: string): Promise<{ name: string; content: Uint8Array }> {
  const file = path || (isSea() ? process.execPath : undefined)
  if (!file) {
    throw new ExpectedError('USAGE', 'this nodeseed needs Node, so it is of no use to carry', {
      hint: 'Build one that does not with npm run build:binary, and name it: --tool release/nodeseed-linux-x64',
    })
  }
  const program = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new ExpectedError('INPUT_NOT_FOUND', `${file}: cannot be read: ${cause.code}`, { cause })
  })
  return { name: TOOL_FILE, content: await compress(program) }
}
