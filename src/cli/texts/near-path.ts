import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import { closest } from '../output/closest.ts'

/** The failure where a file is not there, with the one beside it that may be meant; every other as it is. */
export async function withNearPath(error: ExpectedError): Promise<ExpectedError> {
  const { code, cause, message, advice, data } = error
  const path = (cause as NodeJS.ErrnoException | undefined)?.path
  if (code !== 'INPUT_NOT_FOUND' || !path) return error
  const names = await readdir(dirname(path)).catch(() => [])
  const name = basename(path)
  const meant = name.length > 2 ? closest(name, names) : undefined
  if (!meant) return error
  const hint = `Did you mean ${join(dirname(path), meant)}? ${advice}`
  return new ExpectedError(code, message, { hint, cause, ...data })
}
