import { realpath, stat } from 'node:fs/promises'
import type { ChartInstall, Namer } from '../../../discovery/charts/chart-install.ts'
import { GitOpsResources } from '../../../discovery/charts/gitops-resources.ts'
import { namedCharts } from '../../../discovery/charts/named-charts.ts'
import { resourceOfToolFile } from '../../../discovery/charts/tool-files.ts'
import { changesOf, isChanged, pathDeployments } from '../../../discovery/deployments/path-deployments.ts'
import { ExpectedError } from '../../../errors.ts'
import { type Finding, finding } from '../../../finding.ts'
import { readEveryDocument } from '../../../kubernetes/documents/document.ts'
import { type Resource, resourcesOf } from '../../../kubernetes/objects/resource.ts'
import type { TextPart } from '../../texts/input-text.ts'
import { nameOf, readText } from '../../texts/read-text.ts'
import { readParts } from '../contents/text-parts.ts'
import { type DeployedChart, planCharts } from './chart-plan.ts'
import { type DeployedPath, notApplied, planPaths } from './path-plan.ts'
import { pathsIn, RepositoryTree } from './repository-tree.ts'

/** What resources among the inputs say of how other parts of the inputs are deployed. */
export interface Deployed {
  readonly tree: RepositoryTree | undefined
  /** Charts of the inputs by their real paths. */
  readonly charts: ReadonlyMap<string, readonly DeployedChart[]>
  /** The real paths of files of values that these name. */
  readonly values: ReadonlySet<string>
  /** Directories of manifests by their real paths. */
  readonly paths: ReadonlyMap<string, DeployedPath>
  readonly findings: readonly Finding[]
}

export const NOTHING_DEPLOYED: Deployed = {
  tree: undefined,
  charts: new Map(),
  values: new Set(),
  paths: new Map(),
  findings: [],
}

/** What installs charts of the inputs. */
export function installsOf({ charts }: Deployed): ChartInstall[] {
  return [...charts.values()].flat().map(({ install }) => install)
}

/** The paths of repositories that are here, and what names them. */
export function pathsOf(deployed: Deployed): { readonly namer: Namer; readonly path: string }[] {
  const ofCharts = installsOf(deployed).flatMap(({ namer, source }) =>
    source.at === 'tree' ? [{ namer, path: source.path }] : [],
  )
  const ofPaths = [...deployed.paths.values()].flatMap(({ deployments }) =>
    deployments.map(({ namer, at: { path } }) => ({ namer, path })),
  )
  return [...ofCharts, ...ofPaths]
}

/** The same for who reads manifests as their files are: what changes them where they are applied is said instead. */
export function withoutChanges(deployed: Deployed): Deployed {
  const changes = [...deployed.paths.values()].flatMap(({ deployments }) => deployments.filter(isChanged))
  const said = changes.map((one) =>
    notApplied(one, `its ${changesOf(one)} are not applied, since files stay as they are`),
  )
  return { ...deployed, paths: new Map(), findings: [...deployed.findings, ...said] }
}

/** As much as is to be known of a source of documents. */
export interface SourceHere {
  readonly kind: string
  readonly path: string
  /** What a kustomization stands for. */
  readonly otherwise?: readonly SourceHere[]
}

/** Renders a source as it stands in a plan; what it says is kept for who reads it afterwards. */
export type RenderSource = (source: SourceHere, plan: Deployed) => Promise<readonly string[]>

/** Rounds: each brings what the resources of the round before deploy, as applications of applications do. */
const MAX_ROUNDS = 12
/** Bytes: what is larger is a dump of a cluster rather than a part of a repository. Alone it deploys nothing that is here. */
const MAX_SMALL = 4 * 1024 * 1024

/** Far quicker than the next, which looks at the beginning of every line. */
const MAY_NAME_DEPLOYMENTS =
  /argoproj\.io|\.fluxcd\.io|\.cattle\.io|zarf|\bskaffold\/|(?:releases|helm|targetCustomizations)["']?:/i
const NAMES_DEPLOYMENTS =
  /argoproj\.io|\.fluxcd\.io|\.cattle\.io|zarf|\bskaffold\/|^["' ]{0,4}(?:releases|helm|targetCustomizations)["']?:/im
const HOLDS_VALUES = /\bkind["']?:\s*["']?(?:ConfigMap|Secret)\b/

interface Survey {
  readonly inputs: readonly string[]
  /** What the inputs are made of, as far as it is known what is deployed of it. */
  readonly sources: (plan: Deployed) => Promise<readonly SourceHere[]>
  readonly render: RenderSource
  /** Standard input, where it is one of several inputs. */
  readonly held?: (() => Promise<readonly TextPart[]>) | undefined
}

/**
 * Finds how the parts of the inputs are deployed. What is deployed may deploy more, so all is rendered again until
 * nothing new is said.
 */
export async function surveyDeployments({ inputs, sources, render, held }: Survey): Promise<Deployed> {
  const first = await sources(NOTHING_DEPLOYED)
  const charts = new Set<string>()
  for (const { kind, path } of first) if (kind === 'chart') charts.add(await realpath(path).catch(() => path))
  const inFiles = await resourcesInFiles(first, held)
  const isRendered = ({ kind }: SourceHere) => kind === 'chart' || kind === 'kustomization'
  if (inFiles.size === 0 && !first.some(isRendered)) return NOTHING_DEPLOYED
  const tree = await RepositoryTree.open(inputs)
  let plan: Deployed = { ...NOTHING_DEPLOYED, tree }
  let known = ''
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const resources = new GitOpsResources()
    for (const resource of inFiles.get('-') ?? []) resources.note(resource)
    for (const source of await sources(plan)) {
      for (const { path } of beside(source)) for (const resource of inFiles.get(path) ?? []) resources.note(resource)
      // How charts are rendered is known once everything else was read.
      if (source.kind === 'chart' && round === 0) continue
      const found = isRendered(source) ? await resourcesOfRendered(source, plan, render) : inFiles.get(source.path)
      for (const resource of found ?? []) resources.note(resource)
    }
    await tree.claim(pathsIn(resources))
    const ofCharts = await planCharts(namedCharts(resources).installs, charts, tree)
    const ofPaths = await planPaths(pathDeployments(resources), tree)
    const findings = [...ofCharts.findings, ...ofPaths.findings]
    const said = JSON.stringify([[...ofCharts.charts], [...ofCharts.values], [...ofPaths.paths], findings])
    if (said === known && round > 0) return plan
    known = said
    plan = { tree, charts: ofCharts.charts, values: ofCharts.values, paths: ofPaths.paths, findings }
  }
  const message = `what deploys what among the inputs goes deeper than ${MAX_ROUNDS} levels, or round in circles`
  return { ...plan, findings: [...plan.findings, finding('CHANGES_NOT_APPLIED', message, { subject: message })] }
}

/** Files in a chart that say how it is installed. */
function beside({ kind, otherwise = [] }: SourceHere): readonly SourceHere[] {
  return kind === 'chart' ? otherwise.filter(({ path }) => /(?:^|\/)fleet\.ya?ml$/i.test(path)) : []
}

/** What deploys something, and what such a thing may refer to, by file. */
async function resourcesInFiles(
  sources: readonly SourceHere[],
  held: Survey['held'],
): Promise<ReadonlyMap<string, readonly Resource[]>> {
  const found = new Map<string, readonly Resource[]>()
  const promising = new Map<string, ReadParts>()
  let isAny = sources.some(({ kind }) => kind === 'chart' || kind === 'kustomization')
  const isAlone = sources.length === 1 && !isAny && !held
  const look = async (path: string, read: ReadParts) => {
    let [names, holdsValues] = [false, false]
    for await (const { text } of tolerant(read())) {
      names ||= namesDeployments(text)
      holdsValues ||= HOLDS_VALUES.test(text)
    }
    isAny ||= names
    if (names || holdsValues) promising.set(path, read)
  }
  const waiting = [...sources]
  for (let source = waiting.pop(); source; source = waiting.pop()) {
    // A part of a kustomization may turn out to be none.
    waiting.push(...(source.kind === 'kustomization' ? (source.otherwise ?? []) : beside(source)))
    if (source.kind !== 'manifests' && source.kind !== 'text') continue
    const { path } = source
    const status = await stat(path).catch(() => undefined)
    if (!status?.isFile()) continue
    if (status.size <= MAX_SMALL) await look(path, async () => [{ text: await readText(path), line: 1 }])
    else if (!isAlone) await look(path, () => readParts(path))
  }
  if (held) await look('-', held)
  // What holds values is of use only to what deploys something.
  for (const [path, read] of isAny ? promising : []) {
    const resources: Resource[] = []
    for await (const { text, line } of tolerant(read())) resources.push(...resourcesIn(text, nameOf(path), line))
    if (resources.length > 0) found.set(path, resources)
  }
  return found
}

type ReadParts = () => AsyncIterable<TextPart> | Promise<readonly TextPart[]>

/** The parts of a text as far as they can be read; who reads it afterwards says what cannot. */
async function* tolerant(parts: ReturnType<ReadParts>): AsyncGenerator<TextPart> {
  try {
    yield* await parts
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
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

function resourcesIn(text: string, file: string, line = 1): Resource[] {
  if (!mayDeploy(text)) return []
  return Array.from(readEveryDocument(text, file, line, mayDeploy)).flatMap((document) =>
    document.form === 'manifest'
      ? [...resourcesOf(document), ...[resourceOfToolFile(document)].filter((one) => one !== undefined)]
      : [],
  )
}

function mayDeploy(text: string): boolean {
  return namesDeployments(text) || HOLDS_VALUES.test(text)
}

function namesDeployments(text: string): boolean {
  return MAY_NAME_DEPLOYMENTS.test(text) && NAMES_DEPLOYMENTS.test(text)
}
