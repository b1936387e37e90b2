import { join } from 'node:path'
import { isUnchanged, readOwnFiles } from '../../disk/own-files.ts'
import { ExpectedError } from '../../errors.ts'
import { isLabelKey } from '../../kubernetes/objects/label.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { isWithObjects, type PreviousSeeding } from '../../seed/previous/previous-seeding.ts'
import { readPlacementFile } from '../files/placement-file.ts'
import { readText } from '../texts/read-text.ts'

type Recorded = Pick<PreviousSeeding, 'sets' | 'workloads' | 'bundlePath'>

/**
 * What `seed` wrote to a directory earlier. What was changed since then is refused: of its objects a list is made to
 * delete.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function readPreviousDirectory(directory: string): Promise<PreviousSeeding> {
  const { sets, workloads, bundlePath } = await readPlacementFile(directory, isRecorded, { mustBeListed: true })
  const own = (await readOwnFiles(directory)) ?? new Map<string, string>()
  const wanted = [...own].filter(([path]) => isWithObjects(path))
  const files = await Promise.all(
    wanted.map(async ([path, digest]) => {
      const file = join(directory, path)
      const content = await readText(file)
      if (await isUnchanged(file, digest)) return { path, content }
      throw new ExpectedError('INPUT_INVALID', `${file}: changed since nodeseed seed wrote it`, {
        hint: 'Take the directory as seed wrote it, or leave --after out.',
      })
    }),
  )
  return { sets, workloads, bundlePath, files }
}

/** The same of a directory that is about to be replaced; undefined where it is none of ours, or was changed. */
export async function findPreviousDirectory(directory: string): Promise<PreviousSeeding | undefined> {
  try {
    return await readPreviousDirectory(directory)
  } catch (error) {
    if (error instanceof ExpectedError) return undefined
    throw error
  }
}

function isRecorded(value: unknown): value is Recorded {
  return (
    isObject(value) &&
    Array.isArray(value.sets) &&
    value.sets.every(
      (set) => isObject(set) && typeof set.label === 'string' && isLabelKey(set.label) && Array.isArray(set.images),
    ) &&
    Array.isArray(value.workloads) &&
    value.workloads.every(isObject)
  )
}
