import type { Finding } from '../finding.ts'

/** Collects what is true of many nodes, so that it is said once, with the nodes. */
export class GroupedFindings {
  readonly #groups = new Map<
    string,
    { finding: Omit<Finding, 'message' | 'file' | 'line'>; what: string; nodes: string[] }
  >()

  /** `what` follows the names of the nodes: `worker-1, worker-2: WHAT`. */
  add(node: string, code: string, severity: Finding['severity'], what: string, hint: string): void {
    const key = `${code} ${what}`
    const group = this.#groups.get(key)
    if (group) group.nodes.push(node)
    else this.#groups.set(key, { finding: { code, severity, hint }, what, nodes: [node] })
  }

  *[Symbol.iterator](): Generator<Finding> {
    for (const { finding, what, nodes } of this.#groups.values()) {
      yield { ...finding, message: `${listNodes(nodes)}: ${what}`, file: undefined, line: undefined }
    }
  }
}

/** The first few by name, and how many more there are, so that a line can be read. */
export function listNodes(nodes: readonly string[]): string {
  const sorted = nodes.toSorted()
  if (sorted.length <= 4) return sorted.join(', ')
  return `${sorted.slice(0, 3).join(', ')} and ${sorted.length - 3} more`
}
