/** What containerd takes by default: 1.7; 2.0 and 2.1; 2.2; 2.3. */
const CONTAINERD = ['3.8', '3.10', '3.10.1', '3.10.2'] as const
/** What CRI-O takes by default, from a minor version on, which is that of Kubernetes. */
const CRIO: readonly (readonly [minor: number, tag: string])[] = [
  [24, '3.6'],
  [27, '3.9'],
  [31, '3.10'],
  [34, '3.10.1'],
]

/**
 * The sandbox images that runtimes of nodes of a minor version take by default. Which one it is, the runtime's own
 * setting decides, not Kubernetes; without it no pod starts, and all of them together are small.
 */
export function pauseTags(minor: number): string[] {
  const crio = CRIO.findLast(([from]) => from <= minor)?.[1]
  return [...new Set([...CONTAINERD, ...(crio === undefined ? [] : [crio])])]
}
