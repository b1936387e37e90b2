import { isPlainFile } from '../../bundle/files/file-artifact.ts'
import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Finding } from '../../finding.ts'
import { readPolicyFiles } from './policy-files.ts'
import type { VerifyFlags } from './verify-flags.ts'

interface NodePolicyFiles {
  readonly files: readonly { readonly path: string; readonly content: string }[]
  readonly findings: readonly Finding[]
}

/** What makes nodes of CRI-O and podman ask for signatures; nothing without --verify. @throws as reading policies does */
export async function nodePolicyFiles(
  images: readonly LockedImage[],
  flags: VerifyFlags,
  registry: string | undefined,
): Promise<NodePolicyFiles> {
  if (flags.verify.length === 0) return { files: [], findings: [] }
  const { policiesForNodes } = await import('../../signatures/policies-for-nodes.ts')
  const host = registry === undefined ? undefined : new URL(registry).host
  const pulled = images.filter((image) => !isPlainFile(image))
  return policiesForNodes(pulled, await readPolicyFiles(flags), { registry: host })
}
