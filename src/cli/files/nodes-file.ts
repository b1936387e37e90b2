import type { Node } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../../errors.ts'
import { nameOfNode, readNodesOf } from '../../kubernetes/objects/node.ts'
import { nodeProblem } from '../../kubernetes/validation/validate-node.ts'
import { decodeText } from '../texts/input-text.ts'
import { nameOf, readBytes } from '../texts/read-text.ts'

const HINT = 'Write the file with: kubectl get nodes -o json > nodes.json'

/**
 * The nodes of a file that `kubectl get nodes` wrote, or of standard input for `-`.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, each with the command that writes the file.
 */
export async function readNodesFile(file: string): Promise<Node[]> {
  try {
    const nodes = readNodesOf(await readBytes(file), file, (bytes) => decodeText(bytes, nameOf(file)))
    for (const node of nodes) {
      const problem = nodeProblem(node as object as Readonly<Record<string, unknown>>)
      if (problem === undefined) continue
      throw new ExpectedError('INPUT_INVALID', `${file}: Node ${nameOfNode(node) || '(no name)'}: ${problem}`)
    }
    return nodes
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error
    throw new ExpectedError(error.code, error.message, { hint: error.hint ?? HINT, cause: error.cause })
  }
}
