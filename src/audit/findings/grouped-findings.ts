import type { Finding } from '../../finding.ts'
import { listNames } from '../../plural.ts'

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
      yield { ...finding, message: `${listNames(nodes)}: ${what}`, file: undefined, line: undefined }
    }
  }
}
