import type { ImageFailure } from '../../bundle/failure.ts'
import type { ChartInstall, ChartSource, NamedArtifact, Namer } from '../../discovery/charts/chart-install.ts'
import type { GitOpsResources } from '../../discovery/charts/gitops-resources.ts'
import { namedCharts } from '../../discovery/charts/named-charts.ts'
import { ExpectedError, endsRun } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { findReference, formatReference } from '../../oci/reference.ts'
import { withoutElsewhere } from '../inputs/deployed/elsewhere.ts'
import type { InputScan, ScanOptions } from '../inputs/scan-inputs.ts'
import type { ArtifactDoor } from './artifact-door.ts'
import { chartRendered, nameOfSource, notLookedInto, valuesUnknown } from './chart-findings.ts'
import { type FetchedArtifact, fetchArtifact } from './fetch-artifact.ts'
import { fetchFromIndex, type IndexedChart } from './fetch-from-index.ts'
import { withTreeFiles } from './how-installed.ts'
import { INPUT } from './input-address.ts'
import { becauseOf, joinScans } from './joined-scans.ts'
import { scanChart, scanManifests } from './look-into.ts'

/** What inputs gave together with the charts and artifacts that they name. */
export interface FollowedCharts {
  readonly scan: InputScan
  /** Charts and artifacts by their complete references, and what these stood for when they were looked into. */
  readonly artifacts: ReadonlyMap<string, Descriptor>
  /** What could not be had. */
  readonly failures: readonly ImageFailure[]
  /** Charts that no registry has, by their addresses. */
  readonly charts: ReadonlyMap<string, IndexedChart>
}

/** Looks into what the resources of a scan name. */
export type FollowNamed = (
  scan: InputScan,
  options: ScanOptions & { readonly gitops: GitOpsResources; readonly addresses: readonly string[] },
) => Promise<FollowedCharts>

export interface FollowOptions extends ScanOptions {
  readonly door: ArtifactDoor
  /** Everything in the inputs that names charts; what charts bring is added. */
  readonly gitops: GitOpsResources
  /** Charts and artifacts that are named beside the inputs. */
  readonly asked: readonly ChartInstall[]
}

type Named = ChartInstall | NamedArtifact

/** Applications of applications, of which each names the next, end somewhere. */
const MAX_CHARTS = 2000

/**
 * Looks into the charts and artifacts that the inputs name, and into those that these name in their turn: fetches each once,
 * renders charts with the values at hand, and adds what their documents name. What cannot be looked into stays an
 * omission, with the reason.
 */
export async function followCharts(scan: InputScan, options: FollowOptions): Promise<FollowedCharts> {
  const followed = new Followed(scan)
  const fetching = new Map<string, Promise<FetchedArtifact>>()
  const seen = new Set<string>()
  const open = () => {
    const { installs, artifacts } = namedCharts(options.gitops)
    const named = [...options.asked, ...installs, ...artifacts].filter(({ source }) => source.at !== 'tree')
    return named.filter((one) => isNew(seen, one))
  }
  for (let found = open(); found.length > 0; found = open()) {
    for (const named of found) {
      followed.forgetElsewhere(named.namer)
      if (seen.size > MAX_CHARTS) followed.say([notLookedInto(named, `there are more than ${MAX_CHARTS} charts`)])
      else await follow(followed, named, { ...options, fetching })
    }
  }
  return {
    scan: followed.scan,
    artifacts: followed.artifacts,
    failures: [...followed.failures.values()],
    charts: followed.charts,
  }
}

function isNew(seen: Set<string>, { namer, ...how }: Named): boolean {
  const key = JSON.stringify([nameOfResource(namer), how])
  if (seen.has(key)) return false
  seen.add(key)
  return true
}

interface Following extends FollowOptions {
  readonly fetching: Map<string, Promise<FetchedArtifact>>
}

async function follow(followed: Followed, named: Named, options: Following): Promise<void> {
  const { namer, source } = named
  if (source.at === 'nowhere') return followed.say([notLookedInto(named, source.why)])
  // It is here, and was read with the inputs; or it is not, and that was said.
  if (source.at === 'tree') return
  if (source.at === 'index') return followIndex(followed, named, source, options)
  try {
    const fetched = source.at === 'registry' ? await fetchOnce(source, options) : inResource(source.base64, namer)
    if (fetched.target) followed.artifacts.set(formatReference(fetched.reference), fetched.target)
    await lookInto(followed, named, fetched, options)
  } catch (error) {
    if (!(error instanceof ExpectedError) || endsRun(error)) throw error
    if (source.at === 'registry') followed.fail(source, error)
    followed.say([notLookedInto(named, error.message, error.hint)])
  }
}

/** Repositories of charts that are no registries are asked only where that is allowed; each address is told. */
async function followIndex(
  followed: Followed,
  named: Named,
  source: Extract<ChartSource, { at: 'index' }>,
  options: FollowOptions,
): Promise<void> {
  if (!options.allowRemote) {
    const why = 'its repository is no registry, and is asked only with --allow-remote'
    return followed.say([notLookedInto(named, why)])
  }
  const chart = await fetchFromIndex(source)
  const { file, line } = named.namer
  followed.say(chart.asked.map((address) => finding('REMOTE_ASKED', `asked for ${address}`, { file, line })))
  followed.charts.set(chart.shown, chart)
  await lookInto(followed, named, { ...chart, holds: 'chart' }, options)
}

function fetchOnce(source: Extract<ChartSource, { at: 'registry' }>, { fetching, door }: Following) {
  const key = JSON.stringify(source)
  const known = fetching.get(key) ?? fetchArtifact(source, door)
  fetching.set(key, known)
  return known
}

/** A chart that stands in the resource itself. */
function inResource(base64: string, namer: Namer) {
  const shown = `chart in ${nameOfResource(namer)}`
  return { shown, holds: 'chart', packed: Buffer.from(base64, 'base64'), target: undefined, range: undefined } as const
}

type Fetched = FetchedArtifact | ReturnType<typeof inResource> | (IndexedChart & { readonly holds: 'chart' })

async function lookInto(followed: Followed, named: Named, fetched: Fetched, options: FollowOptions): Promise<void> {
  const { shown, packed, holds } = fetched
  const { namer } = named
  if (!packed) return
  if (holds === 'manifests') {
    return followed.add(await scanManifests({ shown, packed }, options), becauseIn(shown, namer, 'names'))
  }
  // What only names a chart does not say how it is installed.
  if (!('release' in named)) return
  const { how, unknown } = await withTreeFiles(named, followed.scan.tree)
  const found = await scanChart({ shown, packed }, how, options)
  if ('why' in found) return followed.say([notLookedInto(named, found.why, found.hint)])
  followed.say([chartRendered(named, fetched), ...valuesUnknown({ ...named, unknown })])
  followed.add(found.scan, becauseIn(shown, namer, 'installs'))
}

function becauseIn(shown: string, namer: Namer, does: string): string {
  return namer.kind === INPUT ? `in ${shown}` : `in ${shown}, which ${nameOfResource(namer)} ${does}`
}

/** What grows while charts are looked into. */
class Followed {
  readonly artifacts = new Map<string, Descriptor>()
  readonly failures = new Map<string, ImageFailure>()
  readonly charts = new Map<string, IndexedChart>()
  #scan: InputScan

  constructor(scan: InputScan) {
    this.#scan = scan
  }

  get scan(): InputScan {
    return this.#scan
  }

  add(scan: InputScan, because: string): void {
    this.#scan = joinScans(this.#scan, becauseOf(scan, because))
  }

  say(findings: readonly Finding[]): void {
    const told = this.#scan.origins.told(findings)
    this.#scan = { ...this.#scan, findings: [...this.#scan.findings, ...told] }
  }

  /** A range of versions is no tag, so that of it the repository is what failed. */
  fail(source: Extract<ChartSource, { at: 'registry' }>, error: ExpectedError): void {
    const name = nameOfSource(source).replace(/^oci:\/\//, '')
    const reference = findReference(name) ? name : source.repository
    this.failures.set(name, { reference, error })
  }

  /** What the scan said of a chart before it was looked for. */
  forgetElsewhere(namer: Namer): void {
    this.#scan = { ...this.#scan, findings: withoutElsewhere(this.#scan.findings, [{ namer }]) }
  }
}
