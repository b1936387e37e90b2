import { methodNamed } from './methods/methods.ts'
import type { NodePlacement } from './plan.ts'

/** What brings a bundle from this machine into nodes that are containers or machines of this machine. */
export function carryCommands(
  nodes: readonly Pick<NodePlacement, 'node' | 'method' | 'profile'>[],
  bundle: string,
  bundlePath: string,
): string[] {
  return nodes.flatMap(({ node, method, profile }) => {
    const { seeding } = methodNamed(method)
    return (seeding?.by === 'pod' && seeding.carryCommand?.({ node, profile, bundle, bundlePath })) || []
  })
}
