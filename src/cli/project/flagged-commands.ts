import { stat } from 'node:fs/promises'

/** Beside the manifests of a project, it says how they are to be read. */
export const PROJECT_FILE = 'nodeseed.yaml'

/** Commands whose usual flags the project file may hold. */
export type FlaggedCommand = 'scan' | 'lock' | 'bundle'

const FLAGGED: readonly FlaggedCommand[] = ['scan', 'lock', 'bundle']

/** Whether a project file may say something of the flags of a command, so that it is to be read. */
export async function mayTakeFlags(id: string, words: readonly string[]): Promise<boolean> {
  if (!FLAGGED.some((one) => one === id)) return false
  if (words.some((word) => word.startsWith('--config'))) return true
  return isThere(PROJECT_FILE)
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
