import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ExpectedError } from '../../../errors.ts'
import { quote } from '../../../quote.ts'
import { runTool } from '../../../tools/run-tool.ts'
import { remoteSchemas } from './chart-schemas.ts'
import type { KustomizationChart, RemoteAddress } from './kustomization.ts'

/**
 * Makes sure that kustomize can render the charts of a kustomization with what is here, since it would fetch others into the
 * directory itself; gives the addresses that rendering them asks for.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE for a chart that is not here; without helm; for settings of helm
 */
export async function checkCharts(directory: string, charts: readonly KustomizationChart[]): Promise<RemoteAddress[]> {
  const [first] = charts
  if (!first) return []
  const refuse = (problem: string, hint: string): never => {
    throw new ExpectedError('INPUT_UNREADABLE', `${directory}: ${problem}`, { hint })
  }
  if (charts.some(({ hasSettings }) => hasSettings)) {
    refuse('names settings for helm (helmGlobals.configHome), which may run programs', 'Leave configHome out.')
  }
  const version = await runTool('helm', ['version', '--short'], { timeout: 30_000, maxBytes: 4096 })
  if (version.outcome === 'missing') {
    refuse(
      `takes in the chart ${first.name}, and helm is not here`,
      `Install helm; or run where it is: kubectl kustomize --enable-helm ${quote(directory)} | nodeseed scan -`,
    )
  }
  const asked: RemoteAddress[] = []
  for (const { name, path, repository, version: wanted } of charts) {
    const isHere = path !== '' && (await stat(path).then(Boolean, () => false))
    if (isHere) asked.push(...(await remoteSchemas(path)))
    else {
      const how = [
        ...(repository?.startsWith('oci://') ? [`${repository}/${name}`] : [name]),
        ...(repository === undefined || repository.startsWith('oci://') ? [] : [`--repo ${repository}`]),
        ...(wanted === undefined ? [] : [`--version ${wanted}`]),
      ]
      refuse(
        `takes in the chart ${name}, which is not at ${path}`,
        `Fetch it where there is internet: helm pull ${how.join(' ')} --untar -d ${quote(dirname(path))}`,
      )
    }
  }
  return asked
}
