import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ExpectedError } from '../../errors.ts'

const run = promisify(execFile)
/** Rendered charts can be large: those with many CRDs reach tens of megabytes. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/** What `--values` and `--set` say, in the order given. */
export interface HelmOptions {
  readonly values?: readonly string[] | undefined
  readonly set?: readonly string[] | undefined
}

/**
 * A kustomization directory as the user's own `kubectl` or `kustomize` renders it.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE when neither is there, or rendering fails.
 */
export async function renderKustomization(directory: string): Promise<string> {
  const kubectl = await runTool('kubectl', ['kustomize', directory], directory)
  if (kubectl !== undefined) return kubectl
  const kustomize = await runTool('kustomize', ['build', directory], directory)
  if (kustomize !== undefined) return kustomize
  throw new ExpectedError(
    'INPUT_UNREADABLE',
    `${directory}: is a kustomization, and neither kubectl nor kustomize is here`,
    {
      hint: `Install kubectl; or run where it is: kubectl kustomize ${directory} | nodeseed scan -`,
    },
  )
}

/**
 * A chart (folder or .tgz) as the user's own `helm` renders it.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE when helm is not here, or rendering fails.
 */
export async function renderChart(chart: string, { values = [], set = [] }: HelmOptions): Promise<string> {
  const flags = [...values.flatMap((file) => ['--values', file]), ...set.flatMap((value) => ['--set', value])]
  const rendered = await runTool('helm', ['template', 'release', chart, '--include-crds', ...flags], chart)
  return rendered ?? refuseWithoutHelm(chart)
}

/** The Chart.yaml of a chart. @throws {ExpectedError} INPUT_UNREADABLE */
export async function showChart(chart: string): Promise<string> {
  return (await runTool('helm', ['show', 'chart', chart], chart)) ?? refuseWithoutHelm(chart)
}

function refuseWithoutHelm(chart: string): never {
  throw new ExpectedError('INPUT_UNREADABLE', `${chart}: is a Helm chart, and helm is not here`, {
    hint: `Install helm; or run where it is: helm template ${chart} | nodeseed scan -`,
  })
}

/** What a tool prints; undefined where it is not installed. Arguments never pass through a shell. */
async function runTool(tool: string, args: readonly string[], input: string): Promise<string | undefined> {
  try {
    return (await run(tool, args, { maxBuffer: MAX_OUTPUT_BYTES })).stdout
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string }
    if (code === 'ENOENT') return undefined
    const lines = (stderr ?? '').trim().split('\n')
    const reason = lines.find((line) => /^error:/i.test(line))?.replace(/^error: */i, '') ?? lines.at(-1)
    throw new ExpectedError('INPUT_UNREADABLE', `${input}: ${tool} ${args[0]}: ${reason || message}`, {
      hint: `See what it says: ${tool} ${args.join(' ')}`,
      cause: error,
    })
  }
}
