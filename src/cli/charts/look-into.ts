import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inWorkDirectory } from '../../disk/work-directory.ts'
import { ExpectedError } from '../../errors.ts'
import { PackedTree } from '../../layout/packed/packed-tree.ts'
import { IGNORE_FILE } from '../inputs/contents/ignore-file.ts'
import { atOrigins, type InputScan, type ScanOptions, scanInputs } from '../inputs/scan-inputs.ts'
import { PROJECT_FILE } from '../project/flagged-commands.ts'
import type { HowInstalled } from './how-installed.ts'
import { movedScan } from './joined-scans.ts'
import { renderInstall } from './render-install.ts'

/** Packed files under the name that people know them by. */
export interface PackedArtifact {
  readonly shown: string
  readonly packed: Uint8Array
}

/** What a chart names as it is installed, at the templates that name it; or why it cannot be rendered, and what to do. */
export type ChartScan = { readonly scan: InputScan } | { readonly why: string; readonly hint: string | undefined }

/**
 * Scans what a chart becomes as it is installed.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for what is no chart that may be unpacked; DISK_FULL, DISK_ERROR
 */
export async function scanChart(
  { shown, packed }: PackedArtifact,
  how: HowInstalled,
  options: ScanOptions,
): Promise<ChartScan> {
  const tree = await PackedTree.open(packed, shown)
  try {
    const allowRemote = options.allowRemote ?? false
    const given = await inWorkDirectory((directory) =>
      renderInstall({ shown, packed, tree }, how, { directory, allowRemote }),
    )
    return { scan: atOrigins(await scanInputs([], { ...ofItsOwn(options), given })) }
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'INPUT_UNREADABLE') throw error
    return { why: error.message, hint: error.hint }
  } finally {
    await tree.close()
  }
}

/**
 * Scans packed manifests as a directory is scanned.
 *
 * @throws {ExpectedError} as {@link scanChart}
 */
export async function scanManifests({ shown, packed }: PackedArtifact, options: ScanOptions): Promise<InputScan> {
  const tree = await PackedTree.open(packed, shown)
  try {
    return await inWorkDirectory(async (directory) => {
      const root = join(directory, 'tree')
      await mkdir(root, { mode: 0o700 })
      await tree.unpackTo(root, isOurs)
      return movedScan(atOrigins(await scanInputs([root], ofItsOwn(options))), root, shown)
    })
  } finally {
    await tree.close()
  }
}

/** What others packed does not say what is left out here. */
function isOurs(name: string): boolean {
  return [IGNORE_FILE, PROJECT_FILE].some((file) => name === file || name.endsWith(`/${file}`))
}

/** What a command line says of charts is about those that it names. */
function ofItsOwn({
  values: _values,
  set: _set,
  release: _release,
  given: _given,
  config: _config,
  ...options
}: ScanOptions) {
  return options
}
