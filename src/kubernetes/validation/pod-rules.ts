import type { Path } from '../documents/path.ts'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { isObject, objectsOf } from '../objects/resource.ts'
import { containerProblems } from './container-rules.ts'
import { isFieldPath } from './fields/field-paths.ts'
import type { ValidationProblem } from './fields/problem.ts'
import { podLevelProblems } from './pods/pod-level-rules.ts'
import { securityProblems } from './pods/security-rules.ts'
import { systemProblems } from './pods/system-rules.ts'
import { constraintProblems } from './scheduling-rules.ts'

type Fields = Readonly<Record<string, unknown>>

/** What else decides whether a pod spec is taken. */
export interface PodContext {
  /** Leads to the pod spec. */
  readonly path: Path
  /** It is that of a Pod, not of a template. */
  readonly isPod: boolean
  /** The volumes that a StatefulSet adds. */
  readonly addedVolumes: readonly string[]
}

/** The name of a volume is none of its sources; nor are these. */
const NO_SOURCE: ReadonlySet<string> = new Set(['name'])

/** What the API server refuses in how the parts of a pod spec fit together. Source: kubernetes 1.34, ValidatePodSpec. */
export function podProblems(spec: Fields, { path, isPod, addedVolumes }: PodContext): ValidationProblem[] {
  const problems: ValidationProblem[] = []
  const add = (at: Path, message: string) => problems.push({ path: [...path, ...at], message })
  const volumes = new Map(addedVolumes.map((name) => [name, 'persistentVolumeClaim']))
  for (const [index, volume] of entriesOf(spec.volumes).entries()) {
    const sources = sourcesOf(volume)
    if (sources.length > 1) add(['volumes', index], `has more than one source: ${sources.join(', ')}`)
    volumes.set(String(volume.name), sources[0] ?? 'emptyDir')
    for (const problem of volumeProblems(volume)) add(['volumes', index], problem)
    if (isPod && isObject(volume.image) && !volume.image.reference)
      add(['volumes', index, 'image', 'reference'], 'is missing')
  }
  const names = new Set<unknown>()
  const claims = new Set(entriesOf(spec.resourceClaims).map(({ name }) => name))
  const hostPorts = new Set<string>()
  for (const list of CONTAINER_LISTS) {
    for (const [index, container] of entriesOf(spec[list]).entries()) {
      const at = [list, index]
      if (names.has(container.name)) add([...at, 'name'], `repeats ${JSON.stringify(container.name)}`)
      if (container.name !== undefined) names.add(container.name)
      const context = { list, volumes, claims, hostPorts, hostNetwork: spec.hostNetwork === true }
      for (const [inside, message] of containerProblems(container, context)) add([...at, ...inside], message)
    }
    // Init containers come one after the other, and sidecars have ports of their own.
    hostPorts.clear()
  }
  if (objectsOf(spec.ephemeralContainers as Fields[]).length > 0) {
    add(['ephemeralContainers'], isPod ? 'cannot be set when a pod is made' : 'cannot be set in a template')
  }
  for (const [at, message] of [...podLevelProblems(spec), ...securityProblems(spec), ...systemProblems(spec)])
    add(at, message)
  for (const [at, message] of [...wholePodProblems(spec, isPod), ...constraintProblems(spec)]) add(at, message)
  return problems
}

function sourcesOf(volume: Fields): string[] {
  return Object.keys(volume).filter((key) => !NO_SOURCE.has(key) && volume[key] !== null && volume[key] !== undefined)
}

/** Each item of a projection, and of the downward API, has one source. */
function volumeProblems({ projected, downwardAPI }: Fields): string[] {
  const sources = isObject(projected) ? entriesOf(projected.sources) : []
  const files = [
    ...(isObject(downwardAPI) ? entriesOf(downwardAPI.items) : []),
    ...sources.flatMap((source) => (isObject(source.downwardAPI) ? entriesOf(source.downwardAPI.items) : [])),
  ]
  return [
    ...(sources.some((source) => sourcesOf(source).length > 1) ? ['projects more than one thing in one source'] : []),
    ...(files.some(({ fieldRef, resourceFieldRef }) => Boolean(fieldRef) === Boolean(resourceFieldRef))
      ? ['wants either fieldRef or resourceFieldRef in each of its files']
      : []),
    ...(files.some(({ fieldRef }) => isObject(fieldRef) && !isFieldPath(fieldRef.fieldPath, 'file'))
      ? ['has a file of a field that is none to read']
      : []),
  ]
}

function* wholePodProblems(spec: Fields, isPod: boolean): Generator<[at: Path, message: string]> {
  const { dnsPolicy, dnsConfig, shareProcessNamespace, hostPID, hostIPC, hostUsers, nodeName, schedulingGates } = spec
  const { nameservers, searches } = isObject(dnsConfig) ? dnsConfig : {}
  const count = Array.isArray(nameservers) ? nameservers.length : 0
  if (dnsPolicy === 'None' && count === 0) yield [['dnsConfig'], 'names no nameservers, as dnsPolicy None asks for']
  if (count > 3) yield [['dnsConfig', 'nameservers'], 'are more than 3']
  if (Array.isArray(searches) && searches.length > 32) yield [['dnsConfig', 'searches'], 'are more than 32']
  if (shareProcessNamespace === true && hostPID === true) yield [['shareProcessNamespace'], 'excludes hostPID']
  if (hostUsers === false && (hostPID === true || hostIPC === true)) {
    yield [['hostUsers'], 'false excludes hostPID and hostIPC']
  }
  if (spec.setHostnameAsFQDN === true && spec.hostnameOverride) {
    yield [['hostnameOverride'], 'excludes setHostnameAsFQDN']
  }
  if (isPod && nodeName && entriesOf(schedulingGates).length > 0) {
    yield [['nodeName'], 'cannot be set while there are schedulingGates']
  }
  for (const [index, claim] of entriesOf(spec.resourceClaims).entries()) {
    if (Boolean(claim.resourceClaimName) === Boolean(claim.resourceClaimTemplateName)) {
      yield [['resourceClaims', index], 'wants either resourceClaimName or resourceClaimTemplateName']
    }
  }
}

/** The entries of a list from a file that nobody has validated; what is no object stands for an empty one. */
function entriesOf(list: unknown): readonly Fields[] {
  return Array.isArray(list) ? list.map((entry: unknown) => (isObject(entry) ? entry : {})) : []
}
