import { nameOf, readText } from '../texts/read-text.ts'
import type { VerifyFlags } from './verify-flags.ts'

interface NamedText {
  readonly file: string
  readonly text: string
}

/** The texts of the files that --verify and --trusted-root name. @throws what reading files throws */
export async function readPolicyFiles({
  verify,
  'trusted-root': root,
}: VerifyFlags): Promise<{ policies: readonly NamedText[]; trustedRoot: NamedText | undefined }> {
  const read = async (file: string) => ({ file: nameOf(file), text: await readText(file) })
  const policies = await Promise.all(verify.map(read))
  return { policies, trustedRoot: root === undefined ? undefined : await read(root) }
}

/** The plain files of a bundle: those that --file names, and the trusted root by which its signatures were checked. */
export function filesToCarry(files: readonly string[], { verify, 'trusted-root': root }: VerifyFlags): string[] {
  return root === undefined || verify.length === 0 || files.includes(root) ? [...files] : [...files, root]
}
