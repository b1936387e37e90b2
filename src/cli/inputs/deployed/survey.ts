import { realpath, stat } from 'node:fs/promises'
import type { ChartInstall } from '../../../discovery/charts/chart-install.ts'
import { GitOpsResources } from '../../../discovery/charts/gitops-resources.ts'
import { namedCharts } from '../../../discovery/charts/named-charts.ts'
import { ExpectedError } from '../../../errors.ts'
import { type Finding, finding } from '../../../finding.ts'
import { readDocuments } from '../../../kubernetes/documents/document.ts'
import { type Resource, resourcesOf } from '../../../kubernetes/objects/resource.ts'
import { readText } from '../../texts/read-text.ts'
import { type ChartPlan, type DeployedChart, planCharts } from './chart-plan.ts'
import { pathsOf, RepositoryTree } from './repository-tree.ts'

/** What resources among the inputs say of how other parts of the inputs are deployed. */
export interface Deployed {
  readonly tree: RepositoryTree | undefined
  /** Charts of the inputs by their real paths. */
  readonly charts: ReadonlyMap<string, readonly DeployedChart[]>
  readonly findings: readonly Finding[]
}

export const NOTHING_DEPLOYED: Deployed = { tree: undefined, charts: new Map(), findings: [] }

/** What installs charts of the inputs. */
export function installsOf({ charts }: Deployed): ChartInstall[] {
  return [...charts.values()].flat().map(({ install }) => install)
}

/** As much as is to be known of a source of documents. */
export interface SourceHere {
  readonly kind: string
  readonly path: string
}

/** Renders a source as it stands in a plan; what it says is kept for who reads it afterwards. */
export type RenderSource = (source: SourceHere, plan: Deployed) => Promise<readonly string[]>

/** Rounds: each brings what the resources of the round before deploy, as applications of applications do. */
const MAX_ROUNDS = 12
/** Bytes: what is larger is a dump of a cluster rather than a part of a repository. */
const MAX_FILE = 4 * 1024 * 1024

const NAMES_DEPLOYMENTS = /argoproj\.io|\.fluxcd\.io|\.cattle\.io|zarf/i
const HOLDS_VALUES = /\bkind["']?:\s*["']?(?:ConfigMap|Secret)\b/

/**
 * Finds how the parts of the inputs are deployed. What is deployed may deploy more, so all is rendered again until
 * nothing new is said.
 */
export async function surveyDeployments(
  sources: readonly SourceHere[],
  inputs: readonly string[],
  render: RenderSource,
): Promise<Deployed> {
  const rendered = sources.filter(({ kind }) => kind === 'chart' || kind === 'kustomization')
  const charts = new Set<string>()
  for (const { kind, path } of rendered) {
    if (kind === 'chart') charts.add(await realpath(path).catch(() => path))
  }
  if (charts.size === 0) return NOTHING_DEPLOYED
  const tree = await RepositoryTree.open(inputs)
  const plain = await resourcesInFiles(sources)
  let plan: Deployed = { ...NOTHING_DEPLOYED, tree }
  let known = ''
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const resources = new GitOpsResources()
    for (const resource of plain) resources.note(resource)
    for (const source of rendered) {
      // Which charts are rendered as what is known once everything else was read.
      if (source.kind === 'chart' && round === 0) continue
      for (const resource of await resourcesOfRendered(source, plan, render)) resources.note(resource)
    }
    const found = await planOf(resources, charts, tree)
    const said = JSON.stringify([[...found.charts], found.findings])
    if (said === known && round > 0) return plan
    known = said
    plan = { tree, ...found }
  }
  const message = `what deploys what among the inputs goes deeper than ${MAX_ROUNDS} levels, or round in circles`
  return { ...plan, findings: [...plan.findings, finding('CHART_VALUES_UNKNOWN', message, { subject: message })] }
}

async function planOf(
  resources: GitOpsResources,
  charts: ReadonlySet<string>,
  tree: RepositoryTree,
): Promise<ChartPlan> {
  const { installs } = namedCharts(resources)
  await tree.claim(pathsOf(installs))
  return planCharts(installs, charts, tree)
}

/** What deploys something, and what such a thing may refer to. */
async function resourcesInFiles(sources: readonly SourceHere[]): Promise<Resource[]> {
  const found: Resource[] = []
  for (const source of sources) {
    if (source.kind !== 'manifests' && source.kind !== 'text') continue
    const status = await stat(source.path).catch(() => undefined)
    if (!status?.isFile() || status.size > MAX_FILE) continue
    found.push(...resourcesIn(await readText(source.path).catch(() => ''), source.path))
  }
  return found
}

async function resourcesOfRendered(source: SourceHere, plan: Deployed, render: RenderSource): Promise<Resource[]> {
  try {
    return (await render(source, plan)).flatMap((text) => resourcesIn(text, source.path))
  } catch (error) {
    // Who reads it says so.
    if (error instanceof ExpectedError) return []
    throw error
  }
}

function resourcesIn(text: string, file: string): Resource[] {
  if (!NAMES_DEPLOYMENTS.test(text) && !HOLDS_VALUES.test(text)) return []
  return Array.from(readDocuments(text, file)).flatMap((document) =>
    document.form === 'manifest' && (NAMES_DEPLOYMENTS.test(document.source) || HOLDS_VALUES.test(document.source))
      ? resourcesOf(document)
      : [],
  )
}
