import { argoCharts } from './argo-charts.ts'
import { type ChartInstall, type NamedArtifact, settledSource } from './chart-install.ts'
import { fluxArtifacts, fluxCharts } from './flux-charts.ts'
import type { GitOpsResources } from './gitops-resources.ts'
import { k0sCharts, k3sCharts } from './helm-chart-resources.ts'
import { listedCharts } from './listed-charts.ts'
import { chartsOfToolFiles } from './tool-files.ts'

/** Every chart that resources install, and every artifact that they name. */
export function namedCharts(resources: GitOpsResources): {
  readonly installs: readonly ChartInstall[]
  readonly artifacts: readonly NamedArtifact[]
} {
  const readers = [fluxCharts, argoCharts, k3sCharts, k0sCharts, listedCharts, chartsOfToolFiles]
  const settled = <T extends ChartInstall | NamedArtifact>(one: T): T => ({ ...one, source: settledSource(one.source) })
  return {
    installs: readers.flatMap((read) => read(resources)).map(settled),
    artifacts: fluxArtifacts(resources).map(settled),
  }
}
