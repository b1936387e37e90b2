import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from './debian.ts'

/** What the node script uses of a node. */
const APPLETS =
  'cat cmp cp cut dd df grep head ls mkdir mktemp mv rm sed sha256sum sha384sum sleep sort tail tar tr uname wc'

/** A PATH of nothing but busybox, and of other tools that are named. */
export async function busyboxPath(
  directory: string,
  others: readonly Parameters<typeof tool>[0][] = [],
): Promise<string> {
  const bin = join(directory, 'busybox-bin')
  await mkdir(bin, { recursive: true })
  for (const applet of APPLETS.split(' ')) await symlink(tool('busybox'), join(bin, applet))
  for (const name of others) await symlink(tool(name), join(bin, name))
  return bin
}
