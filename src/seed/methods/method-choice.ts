import { ExpectedError } from '../../errors.ts'
import { type MethodName, SEED_METHODS } from './methods.ts'

/**
 * What `--method METHOD` and `--method NODE=METHOD` choose for a node; undefined where its own report decides.
 *
 * @throws {ExpectedError} USAGE for what is no method, or a node that is not among them
 */
export function methodChooser(
  texts: readonly string[],
  nodes: readonly string[],
): (node: string) => MethodName | undefined {
  const byNode = new Map<string, MethodName>()
  let everywhere: MethodName | undefined
  for (const text of texts) {
    const [, node, name = ''] = /^(?:(.*)=)?([^=]*)$/.exec(text) ?? []
    const method = SEED_METHODS.find((known) => known.name === name || known.otherNames?.includes(name))?.name
    if (!method) {
      throw new ExpectedError('USAGE', `No such method: ${JSON.stringify(name)}`, {
        hint: `Choose one of ${SEED_METHODS.map(({ name }) => name).join(', ')}; or leave it out, and each node's own report decides.`,
      })
    }
    if (node === undefined) everywhere = method
    else if (nodes.includes(node)) byNode.set(node, method)
    else {
      throw new ExpectedError('USAGE', `--method ${text}: there is no node ${JSON.stringify(node)}`, {
        hint: 'Write the node as kubectl get nodes does.',
      })
    }
  }
  return (node) => byNode.get(node) ?? everywhere
}
