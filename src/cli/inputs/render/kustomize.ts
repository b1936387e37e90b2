import { resolve } from 'node:path'
import { ExpectedError } from '../../../errors.ts'
import { quote } from '../../../quote.ts'
import { checkCharts } from './kustomization-charts.ts'
import { kustomizationTree } from './kustomization-tree.ts'
import { type Rendered, refuseRemote, runRenderer } from './renderer.ts'

/**
 * A kustomization directory as the user's own `kubectl` or `kustomize` renders it. Plugins and functions stay
 * off, as they are in both by default; charts that are here are rendered.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE when neither is there, when rendering fails, or would ask for what is
 *   elsewhere without being allowed to.
 */
export async function renderKustomization(
  directory: string,
  { allowRemote = false }: { allowRemote?: boolean | undefined },
): Promise<Rendered> {
  const { remote, special, charts } = await kustomizationTree(directory)
  const [first] = special
  if (first) {
    throw new ExpectedError('INPUT_UNREADABLE', `${directory}: names ${first.path}, which is ${first.kind}`, {
      hint: 'Name files and directories in a kustomization, or leave it out with .nodeseedignore.',
    })
  }
  const asked = [...remote, ...(await checkCharts(directory, charts))]
  refuseRemote(directory, asked, allowRemote)
  const hasCharts = charts.length > 0
  return { text: await runKustomize(resolve(directory), { input: directory, allowRemote, hasCharts }), asked }
}

interface RunOptions {
  /** What people know it by. */
  readonly input: string
  readonly allowRemote: boolean
  /** Whether it may take in files that are outside of it. */
  readonly isAnywhere?: boolean
  /** Whether helm is to render charts for it. */
  readonly hasCharts?: boolean
}

/** What the user's own tool makes of a kustomization at an absolute path. @throws {ExpectedError} INPUT_UNREADABLE */
export async function runKustomize(
  path: string,
  { input, allowRemote, isAnywhere = false, hasCharts = false }: RunOptions,
): Promise<string> {
  const options = { input, allowRemote, shown: path }
  const flags = [
    ...(isAnywhere ? ['--load-restrictor=LoadRestrictionsNone'] : []),
    ...(hasCharts ? ['--enable-helm'] : []),
  ]
  // An absolute path after `--` is no option and no address, whatever its name.
  const text =
    (await runRenderer('kubectl', ['kustomize', ...flags, '--', path], options)) ??
    (await runRenderer('kustomize', ['build', ...flags, '--', path], options))
  if (text !== undefined) return text
  throw new ExpectedError(
    'INPUT_UNREADABLE',
    `${input}: is a kustomization, and neither kubectl nor kustomize is here`,
    {
      hint: `Install kubectl; or run where it is: kubectl kustomize ${quote(input)} | nodeseed scan -`,
    },
  )
}
