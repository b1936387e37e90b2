import { type Finding, type FindingDetails, finding } from '../../finding.ts'
import type { FindingCode } from '../../finding-codes.ts'
import { listNames } from '../../plural.ts'

/** Collects what is true of many nodes, so that it is said once, with the nodes. */
export class GroupedFindings {
  readonly #groups = new Map<string, { readonly make: (nodes: string) => Finding; readonly nodes: string[] }>()

  /** `what` follows the names of the nodes: `worker-1, worker-2: WHAT`. */
  add<C extends FindingCode>(node: string, code: C, what: string, details: FindingDetails<C> = {}): void {
    const key = `${code} ${what}`
    const group = this.#groups.get(key)
    if (group) group.nodes.push(node)
    else this.#groups.set(key, { make: (names) => finding(code, `${names}: ${what}`, details), nodes: [node] })
  }

  *[Symbol.iterator](): Generator<Finding> {
    for (const { make, nodes } of this.#groups.values()) yield make(listNames(nodes))
  }
}
