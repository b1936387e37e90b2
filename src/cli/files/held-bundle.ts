import { constants } from 'node:fs'
import { access, mkdir, symlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'

/**
 * A name under which another program reads the very files that were checked here, whatever takes their place meanwhile:
 * links in a directory to the descriptors that this process holds. Where a system has none, the bundle's own name.
 */
export async function heldBundle({ path, openFiles }: BundleFile, directory: string): Promise<string> {
  const place = join(directory, 'bundle')
  await mkdir(place)
  for (const { path: file, fd } of openFiles) {
    const link = join(place, basename(file))
    await symlink(`/proc/${process.pid}/fd/${fd}`, link)
    const isReadable = await access(link, constants.R_OK).then(
      () => true,
      () => false,
    )
    if (!isReadable) return resolve(path)
  }
  return join(place, basename(wholeName(path)))
}

/** @throws {ExpectedError} CONTENT_MISMATCH where a bundle may have been written to since that version of it. */
export async function assertUntouched(bundle: BundleFile, version: string | undefined): Promise<void> {
  if ((await bundle.version()) === version) return
  throw new ExpectedError('CONTENT_MISMATCH', `${bundle.path} was written to or moved while it was loaded`, {
    hint: 'Load it again from a place that nobody else writes to: what was imported may not be what was checked.',
  })
}
