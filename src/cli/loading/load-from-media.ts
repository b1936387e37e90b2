import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onEarlyEnd } from '../../early-end.ts'
import { ExpectedError, writeError } from '../../errors.ts'
import { readNodeScript } from '../files/node-script.ts'
import { type NodeScriptResult, runNodeScript } from '../files/run-node-script.ts'

interface Media {
  readonly 'wait-for-media': boolean
  /** Directories besides that of the bundle. */
  readonly media: readonly string[]
  readonly key?: string | undefined
}

/**
 * Loads a split bundle whose parts lie on several media, or come one after the other: no part is read before it is there.
 *
 * @throws {ExpectedError} what the node script ends with; DISK_FULL, DISK_ERROR
 */
export async function loadFromMedia(
  bundle: string,
  options: readonly string[],
  { 'wait-for-media': waits, media, key }: Media,
): Promise<NodeScriptResult> {
  const place = join(tmpdir(), 'nodeseed-load-')
  const directory = await mkdtemp(place).catch((error) => {
    throw writeError(place, error)
  })
  const forget = onEarlyEnd(() => rmSync(directory, { recursive: true, force: true }))
  try {
    const args = [
      ...options,
      ...(waits ? ['--wait-for-media'] : []),
      ...media.flatMap((one) => ['--media', one]),
      ...givenOptions({ key }),
      // Which edition it is counts where whole sets are kept; these images are taken as they are.
      ...['--editions', directory],
    ]
    return await runNodeScript(await readNodeScript(), args, { file: bundle, path: bundle })
  } finally {
    await rm(directory, { recursive: true })
    forget()
  }
}

/** As the node script takes them. */
export function givenOptions(options: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
}

export function notFromMedia(): ExpectedError {
  return new ExpectedError('USAGE', '--wait-for-media and --media load all of one bundle: no names, and no --base', {
    hint: 'Leave the names and --base out, or bring the parts into one directory.',
  })
}
