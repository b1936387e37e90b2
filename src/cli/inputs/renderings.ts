import type { Rendering } from '../../seed/patch/patch-target.ts'
import { affixesOf } from './render/kustomization.ts'
import { sourcesOf } from './source.ts'

/** Other kinds than charts and kustomizations, and than what has no workload to patch. */
const HOLDS_WORKLOADS: ReadonlySet<string> = new Set(['stdin', 'text', 'manifests'])

/** How the documents of each source of the inputs come about, by the name that the documents have as their file. */
export async function renderingsOf(inputs: readonly string[]): Promise<ReadonlyMap<string, Rendering>> {
  const renderings = new Map<string, Rendering>()
  for (const input of inputs) {
    for (const source of await sourcesOf(input)) {
      if (source.kind === 'chart') renderings.set(source.path, 'chart')
      else if (source.kind === 'kustomization') renderings.set(source.path, await affixesOf(source.path))
      else if (HOLDS_WORKLOADS.has(source.kind)) renderings.set(source.kind === 'stdin' ? '-' : source.path, 'none')
    }
  }
  return renderings
}
