import { ExpectedError } from '../../errors.ts'
import { findMethod, type KnownMethod, METHODS, type MethodName, SEED_METHODS } from './methods.ts'

/** The method that a word means, of those that a command has. @throws {ExpectedError} USAGE */
export function chooseMethod(word: string, among: readonly KnownMethod[]): MethodName {
  const method = findMethod(word, among)
  if (method) return method.name
  const elsewhere = findMethod(word, METHODS)
  const problem = elsewhere
    ? `the method ${elsewhere.name} is not for this command`
    : `no such method: ${JSON.stringify(word)}`
  throw new ExpectedError('USAGE', problem, {
    hint: `Choose one of ${among.map(({ name }) => name).join(', ')}; or leave --method out, and what is there decides.`,
  })
}

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
    const method = chooseMethod(name, SEED_METHODS)
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
