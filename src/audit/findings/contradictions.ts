import { type Finding, finding } from '../../finding.ts'
import { listNames } from '../../plural.ts'
import type { Audit } from '../audit.ts'

/** Images of which two sources say opposite things, each with its nodes: such a verdict is unknown. */
export function contradictions({ nodeClasses, workloads }: Audit): Finding[] {
  const names = new Set(workloads.flatMap(({ podClass }) => podClass.images.flatMap(({ name }) => name ?? [])))
  return Array.from(names).flatMap((name): Finding[] => {
    const nodesOf = new Map<string, string[]>()
    for (const { nodes, presenceOf } of nodeClasses) {
      const { isContradiction, why } = presenceOf(name)
      if (isContradiction) nodesOf.set(why, [...(nodesOf.get(why) ?? []), ...nodes])
    }
    return Array.from(nodesOf, ([why, nodes]) => finding('SOURCES_DISAGREE', `${listNames(nodes)}: ${name}: ${why}`))
  })
}
