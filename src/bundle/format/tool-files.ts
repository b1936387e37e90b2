import type { FileEntry } from './table.ts'

/** What `uname -m` says on the machines that there are builds of this program for, by their architecture. */
export const TOOL_MACHINES = { amd64: 'x86_64', arm64: 'aarch64' } as const
export type ToolArchitecture = keyof typeof TOOL_MACHINES

/**
 * Where in a bundle a build of this program is that needs no Node, compressed; only when it was asked for. Its name is
 * such that a shell finds its own: `tar -xOf BUNDLE nodeseed/tool-$(uname -m).gz | gzip -d > nodeseed`.
 */
export function toolFile(architecture: ToolArchitecture): string {
  return `nodeseed/tool-${TOOL_MACHINES[architecture]}.gz`
}

/** The architectures that a bundle with these files carries a build for. */
export function toolsAmong(files: readonly Pick<FileEntry, 'name'>[]): ToolArchitecture[] {
  const architectures = Object.keys(TOOL_MACHINES) as ToolArchitecture[]
  return architectures.filter((architecture) => files.some(({ name }) => name === toolFile(architecture)))
}
