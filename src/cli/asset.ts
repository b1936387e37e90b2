import { readdir, readFile } from 'node:fs/promises'
import sea from 'node:sea' // as a whole: an older Node lacks getAssetKeys, and never needs it

/**
 * The text of a file that belongs to the program, by its path in the package: `examples/…`, or below `src/` without that.
 * It lies beside the code, or inside the single executable.
 */
export async function readAsset(name: string): Promise<string> {
  return sea.isSea() ? sea.getAsset(name, 'utf8') : readFile(urlOf(name), 'utf8')
}

/** The names of such files in a directory, not below it. */
export async function listAssets(directory: string): Promise<string[]> {
  if (sea.isSea()) return sea.getAssetKeys().filter((name) => name.startsWith(`${directory}/`))
  return (await readdir(urlOf(directory))).map((name) => `${directory}/${name}`)
}

function urlOf(name: string): URL {
  return new URL(`${name.startsWith('examples/') ? '../..' : '..'}/${name}`, import.meta.url)
}
