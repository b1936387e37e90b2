import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { withoutDashboardVariables } from '../classify/dashboards.ts'
import { readKey } from '../classify/key.ts'
import { openImagePart } from '../compose/image-parts.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import { toldInside } from '../walk/candidates.ts'
import { findCandidates } from '../walk/walk.ts'
import type { Found } from '../walk/walk-state.ts'
import { fleetCharts, fleetValues } from './fleet.ts'
import { helmfileCharts, toolCharts } from './helmfile.ts'
import { machineManifests } from './machine-config.ts'
import { readSyncList } from './sync-list.ts'

/** Keys of files that other tools run: compose, pipelines (`on` is read as true). What they name runs in no cluster. */
const OTHER_TOOLS: readonly (readonly string[])[] = [['services'], ['jobs', 'true'], ['stages'], ['pipeline', 'steps']]

/** What a document without a kind gives: a patch, values, the file of a tool. Something else makes resources of it. */
export interface LooseFound extends Pick<Found, 'candidates' | 'unresolved' | 'elsewhere'> {
  /** Whether some key is about an image. */
  readonly hasImageKeys: boolean
  /** Where it says a part of an image whose repository is elsewhere. */
  readonly openPart?: Path | undefined
}

/** Reads the value of a document that names no kind, as the text of a ConfigMap is read. */
export function looseCandidates(
  { value, file }: { readonly value: unknown; readonly file: string },
  vars: ReadonlyMap<string, string> | undefined,
): LooseFound {
  const synced = readSyncList(value)
  if (synced) return { ...synced, elsewhere: [], hasImageKeys: true }
  const options = { apiVersion: '', layer: 'config', isLoose: true, vars } as const
  const readInside = (inside: Record<string, unknown>) => toldInside(inside, vars)
  const { candidates: own, unresolved, elsewhere } = findCandidates(value, { ...options, readInside })
  const known = new Set(own.map(({ reference }) => reference))
  const ofTargets = fleetValues(value).flatMap(({ path, values }) =>
    findCandidates(values, options)
      .candidates.filter(({ reference }) => !known.has(reference))
      .map((candidate): ImageCandidate => ({ ...candidate, path })),
  )
  const candidates = [...own, ...ofTargets]
  const isOthers =
    isObject(value) && (isCatalog(value) || OTHER_TOOLS.some((keys) => keys.every((key) => key in value)))
  return {
    candidates: candidates.map((candidate): ImageCandidate => {
      const why = `${candidate.why}, in a document without a kind`
      return { ...candidate, why, ...(isOthers && { confidence: 'possible' }) }
    }),
    unresolved: [...withoutDashboardVariables(value, unresolved)],
    elsewhere: [...(isOthers ? [] : elsewhere), ...chartsOf(value, file), ...manifestsOf(value)],
    hasImageKeys: hasImageKeys(value),
    openPart: isOthers ? undefined : openImagePart(value, [...candidates, ...unresolved]),
  }
}

/** The charts that the file of a tool installs from elsewhere. */
export function chartsOf(value: unknown, file: string): Found['elsewhere'] {
  return [...helmfileCharts(value), ...fleetCharts(value, file), ...toolCharts(value)].map(({ what, path }) => ({
    code: 'CHART_ELSEWHERE',
    what,
    path,
  }))
}

function manifestsOf(value: unknown): Found['elsewhere'] {
  return machineManifests(value).map(({ what, path }) => ({ code: 'MANIFESTS_ELSEWHERE', what, path }))
}

/** What a catalog of operators says of packages, most of which nobody installs. */
function isCatalog({ schema }: Record<string, unknown>): boolean {
  return typeof schema === 'string' && schema.startsWith('olm.')
}

function hasImageKeys(root: unknown): boolean {
  const waiting: unknown[] = [root]
  const seen = new Set<unknown>()
  for (let value = waiting.pop(); waiting.length > 0 || value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    for (const [key, child] of Object.entries(value)) {
      if (typeof child === 'string' && readKey(key).role === 'image') return true
      waiting.push(child)
    }
  }
  return false
}
