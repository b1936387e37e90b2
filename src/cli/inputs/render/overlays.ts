import { realpath } from 'node:fs/promises'
import { readKustomization } from './kustomization.ts'
import { type KustomizationTree, kustomizationTree } from './kustomization-tree.ts'

/** A kustomization that is rendered, and what it takes in. */
export interface Overlay {
  readonly directory: string
  readonly tree: KustomizationTree
}

/**
 * Of the kustomizations below a directory those that are rendered: each that no other one includes. Components are
 * parts of others. Of those that only include one another the first stands for all, and its renderer says what is wrong.
 */
export async function outermostOverlays(directories: readonly string[]): Promise<Overlay[]> {
  const overlays: (Overlay & { readonly real: string })[] = []
  for (const directory of directories) {
    const kustomization = await readKustomization(directory)
    if (kustomization?.isComponent) continue
    overlays.push({ directory, real: await realpath(directory), tree: await kustomizationTree(directory) })
  }
  const included = new Set(
    overlays.flatMap(({ real, tree }) => [...tree.directories].filter((below) => below !== real)),
  )
  const outermost = overlays.filter(({ real }) => !included.has(real))
  const covered = new Set(outermost.flatMap(({ real, tree }) => [real, ...tree.directories]))
  for (const overlay of overlays) {
    if (covered.has(overlay.real)) continue
    outermost.push(overlay)
    for (const below of [overlay.real, ...overlay.tree.directories]) covered.add(below)
  }
  return outermost
}

/** Directories of components that no kustomization includes, so that what they patch and add is in no rendering. */
export async function idleComponents(directories: readonly string[], overlays: readonly Overlay[]): Promise<string[]> {
  const included = new Set(overlays.flatMap(({ tree }) => [...tree.directories]))
  const idle: string[] = []
  for (const directory of directories) {
    if (included.has(await realpath(directory))) continue
    if ((await readKustomization(directory))?.isComponent) idle.push(directory)
  }
  return idle
}
