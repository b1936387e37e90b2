import type { Finding } from '../../finding.ts'

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
  if (nodes.length <= 4) return nodes.toSorted().join(', ')
  return `${firstThree(nodes).join(', ')} and ${nodes.length - 3} more`
}

/** In one pass: to sort thousands of names for three of them, at every finding, took most of a large audit's time. */
function firstThree(names: readonly string[]): string[] {
  const first: string[] = []
  for (const name of names) {
    if (first.length === 3 && name >= (first[2] as string)) continue
    const at = first.findIndex((other) => name < other)
    first.splice(at < 0 ? first.length : at, 0, name)
    if (first.length > 3) first.pop()
  }
  return first
}
