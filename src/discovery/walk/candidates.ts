import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { groupOf, isDefinition, isExcluded, onlyDescribes } from '../classify/exclusions.ts'
import { kubeadmFound } from '../kubeadm/kubeadm-config.ts'
import { CONVENTIONS } from '../operators/conventions.ts'
import { imageStreamsOf } from '../operators/image-streams.ts'
import { injectionsOf } from '../operators/injections.ts'
import { chartOf, choiceFor, type MadeElsewhere } from '../operators/made-elsewhere.ts'
import { mutationsFound } from '../operators/mutations.ts'
import { namedResourcesOf } from '../operators/named-resources.ts'
import { namesIn } from '../operators/names.ts'
import { nodeDriversOf } from '../operators/node-drivers.ts'
import { manifestSourcesOf } from '../operators/sources/manifest-sources.ts'
import { applyRules, type RuleResult } from '../rules/apply-rules.ts'
import type { FieldRule } from '../rules/field-rule.ts'
import { KNOWN_FIELDS } from '../rules/known-fields.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import { schemaDefaults, simpleSchemaDefaults } from './schema-defaults.ts'
import { findCandidates } from './walk.ts'
import type { Found, ReadInside } from './walk-state.ts'

type Vars = ReadonlyMap<string, string> | undefined
type NoteRule = ((rule: FieldRule) => void) | undefined
type ResourceBody = Pick<Resource, 'apiVersion' | 'kind' | 'value'>

const BUILT_IN: readonly FieldRule[] = [...KNOWN_FIELDS, ...CONVENTIONS]

/** The candidates of a resource: a user's rules first, then known fields, then what keys and texts tell. */
export function candidatesOf(
  resource: Resource,
  workload: Workload | undefined,
  { rules, noteRule, vars }: { rules: readonly FieldRule[]; noteRule?: NoteRule; vars: Vars },
): Found {
  const own = applyRules(rules, resource, 'rule', noteRule)
  const known = builtIn(resource, vars)
  const { candidates, gaps, unresolved, elsewhere } = guessesFor(resource, workload, vars)
  const isOwn = claims(own.claimed)
  const isKnown = claims(known.claimed)
  const told = [
    ...known.candidates.filter(({ path }) => !isOwn(path)),
    ...candidates.filter(({ path }) => !isOwn(path) && !isKnown(path)),
  ]
  const isDescription = onlyDescribes(resource)
  const found = [
    ...own.candidates,
    ...told.map((one): ImageCandidate => (isDescription ? { ...one, confidence: 'possible' } : one)),
  ]
  const open = unresolved.filter(({ path }) => !isOwn(path) && !isKnown(path))
  const isSilent = open.length === 0 && found.every(({ confidence }) => confidence === 'possible')
  const made = madeOf(resource, {
    isSilent,
    isWorkload: workload !== undefined,
    isClaimed: own.candidates.length > 0,
    vars,
  })
  return { candidates: found, gaps, unresolved: open, elsewhere: [...elsewhere, ...made] }
}

/** What the tables of this program say of a resource. */
function builtIn(resource: ResourceBody, vars: Vars): RuleResult {
  const known = applyRules(BUILT_IN, resource, 'knownField')
  const kubeadm = kubeadmFound(resource, vars)
  const { claimed } = nodeDriversOf(resource)
  const mutations = mutationsFound(resource)
  if (!kubeadm && !mutations && claimed.length === 0) return known
  return {
    candidates: [...known.candidates, ...(kubeadm?.candidates ?? []), ...(mutations?.candidates ?? [])],
    claimed: [...known.claimed, ...(kubeadm?.claimed ?? []), ...(mutations?.claimed ?? []), ...claimed],
  }
}

/** What else makes workloads of a resource. */
function madeOf(
  resource: ResourceBody,
  { isSilent, isWorkload, isClaimed, vars }: { isSilent: boolean; isWorkload: boolean; isClaimed: boolean; vars: Vars },
): MadeElsewhere[] {
  const drivers = [...nodeDriversOf(resource).elsewhere, ...(mutationsFound(resource)?.elsewhere ?? [])]
  const isChoice = drivers.length === 0 && !isWorkload && !isClaimed && !isExcluded(resource)
  const kubeadm = kubeadmFound(resource, vars)
  const choice = kubeadm ? kubeadm.elsewhere : isChoice ? choiceFor(resource, isSilent) : undefined
  const sources = [
    ...[...manifestSourcesOf(resource), ...imageStreamsOf(resource), ...namedResourcesOf(resource)],
    ...injectionsOf(resource),
  ]
  return [chartOf(resource), ...sources, ...drivers, choice].filter((made) => made !== undefined)
}

/** Whether a path is one of those that are claimed, or below one. */
function claims(claimed: readonly Path[]): (path: Path) => boolean {
  if (claimed.length === 0) return () => false
  const paths = new Set(claimed.map((path) => JSON.stringify(path)))
  const longest = claimed.reduce((length, path) => Math.max(length, path.length), 0)
  return (path) => {
    for (let length = Math.min(path.length, longest); length >= 0; length--) {
      if (paths.has(JSON.stringify(path.slice(0, length)))) return true
    }
    return false
  }
}

function guessesFor(resource: Resource, workload: Workload | undefined, vars: Vars): Found {
  const { apiVersion, kind, value } = resource
  const nothing = { candidates: [], gaps: [], unresolved: [], elsewhere: [] }
  if (isExcluded(resource)) return nothing
  if (isDefinition(resource) || isCompositeDefinition(resource))
    return { ...nothing, candidates: defaultCandidates(resource) }
  const layer = kind === 'ConfigMap' || kind === 'Secret' ? 'config' : 'knownField'
  const found = findCandidates(value, {
    apiVersion,
    layer,
    podSpec: workload?.podSpec,
    vars: namesIn(resource, vars),
    readInside: (inside) => toldInside(inside, vars),
  })
  if (!isGraph(resource)) return found
  const others = found.candidates.filter(({ path }) => path[1] !== 'schema')
  return { ...found, candidates: [...graphDefaults(resource), ...others] }
}

/** Its schemas stand where those of a CustomResourceDefinition do. */
function isCompositeDefinition({ apiVersion, kind }: ResourceBody): boolean {
  return kind === 'CompositeResourceDefinition' && groupOf(apiVersion) === 'apiextensions.crossplane.io'
}

function isGraph({ apiVersion, kind }: ResourceBody): boolean {
  return kind === 'ResourceGraphDefinition' && groupOf(apiVersion) === 'kro.run'
}

/** A resource that stands as text in another is told by the same tables; so is each item of a list. */
export function toldInside(value: Record<string, unknown>, vars: Vars): ReturnType<ReadInside> {
  const { kind, items } = value
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? toldOfItems(items, vars)
    : toldOf(value, vars)
}

function toldOfItems(items: readonly unknown[], vars: Vars): ReturnType<ReadInside> {
  const told = items.map((item) => (isObject(item) && typeof item.kind === 'string' ? toldOf(item, vars) : undefined))
  const below = <T extends { readonly path: Path }>(one: T, index: number): T => ({
    ...one,
    path: ['items', index, ...one.path],
  })
  return {
    candidates: told.flatMap((one, index) => one?.candidates.map((candidate) => below(candidate, index)) ?? []),
    isClaimed: ([, index, ...path]) => told[Number(index)]?.isClaimed(path) ?? false,
    elsewhere: (isSilent) =>
      told.flatMap((one, index) => one?.elsewhere(isSilent).map((made) => below(made, index)) ?? []),
  }
}

function toldOf(value: Record<string, unknown>, vars: Vars): ReturnType<ReadInside> {
  const resource = { apiVersion: String(value.apiVersion ?? ''), kind: String(value.kind), value }
  if (isExcluded(resource)) return undefined
  const { candidates, claimed } = builtIn(resource, vars)
  return {
    candidates,
    isClaimed: claims(claimed),
    elsewhere: (isSilent) => madeOf(resource, { isSilent, isWorkload: false, isClaimed: false, vars }),
  }
}

function defaultCandidates({ apiVersion, value }: Resource): ImageCandidate[] {
  return schemaDefaults(value).flatMap(({ value: defaults, pathOf }) => {
    const { candidates } = findCandidates(defaults, { apiVersion, layer: 'knownField' })
    return candidates.map((candidate) => asDefault(candidate, pathOf(candidate.path)))
  })
}

function graphDefaults({ apiVersion, value }: Resource): ImageCandidate[] {
  const { candidates } = findCandidates(simpleSchemaDefaults(value), { apiVersion, layer: 'knownField' })
  return candidates.map((candidate) => asDefault(candidate, candidate.path))
}

function asDefault(candidate: ImageCandidate, path: Path): ImageCandidate {
  return {
    ...candidate,
    path,
    policy: undefined,
    layer: 'knownField',
    confidence: candidate.confidence === 'possible' ? 'possible' : 'likely',
    why: `schema default, ${candidate.why}`,
  }
}
