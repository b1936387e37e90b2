import { resolve } from 'node:path'
import { ExpectedError } from '../../../errors.ts'
import { quote } from '../../../quote.ts'
import { kustomizationTree } from './kustomization-tree.ts'
import { type Rendered, refuseRemote, runRenderer } from './renderer.ts'

/**
 * A kustomization directory as the user's own `kubectl` or `kustomize` renders it. Plugins, functions and charts stay
 * off, as they are in both by default.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE when neither is there, when rendering fails, or would ask for what is
 *   elsewhere without being allowed to.
 */
export async function renderKustomization(
  directory: string,
  { allowRemote = false }: { allowRemote?: boolean | undefined },
): Promise<Rendered> {
  const { remote, special } = await kustomizationTree(directory)
  const [first] = special
  if (first) {
    throw new ExpectedError('INPUT_UNREADABLE', `${directory}: names ${first.path}, which is ${first.kind}`, {
      hint: 'Name files and directories in a kustomization, or leave it out with .nodeseedignore.',
    })
  }
  refuseRemote(directory, remote, allowRemote)
  const options = { input: directory, allowRemote }
  // An absolute path after `--` is no option and no address, whatever its name.
  const text =
    (await runRenderer('kubectl', ['kustomize', '--', resolve(directory)], options)) ??
    (await runRenderer('kustomize', ['build', '--', resolve(directory)], options))
  if (text !== undefined) return { text, asked: remote }
  throw new ExpectedError(
    'INPUT_UNREADABLE',
    `${directory}: is a kustomization, and neither kubectl nor kustomize is here`,
    { hint: `Install kubectl; or run where it is: kubectl kustomize ${quote(directory)} | nodeseed scan -` },
  )
}
