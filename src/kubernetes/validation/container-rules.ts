import type { Path } from '../documents/path.ts'
import { parseMilli } from '../objects/quantity.ts'
import { isObject } from '../objects/resource.ts'
import { isFieldPath } from './fields/field-paths.ts'

type Fields = Readonly<Record<string, unknown>>

/** A problem inside a container, and where. */
export type Inside = readonly [at: Path, message: string]

/** What a container finds in its pod. */
export interface ContainerContext {
  readonly list: 'initContainers' | 'containers' | 'ephemeralContainers'
  /** The source of each volume, by name. */
  readonly volumes: ReadonlyMap<string, string>
  /** The resource claims of the pod. */
  readonly claims: ReadonlySet<unknown>
  /** The host ports of the containers before it; those of this one are added. */
  readonly hostPorts: Set<string>
  readonly hostNetwork: boolean
}

/** What the API server refuses in how the parts of a container fit together and into their pod. */
export function* containerProblems(container: Fields, context: ContainerContext): Generator<Inside> {
  const { ports, volumeMounts, volumeDevices, env, envFrom, resources, securityContext } = container
  // Most containers have few of these, and each generator costs more than what it finds there.
  if (ports) yield* portProblems(container, context)
  if (volumeMounts || volumeDevices) yield* mountProblems(container, context)
  if (env || envFrom) yield* variableProblems(container)
  if (PROBES.some((name) => container[name]) || container.lifecycle) yield* lifeProblems(container, context)
  if (resources) yield* resourceProblems(resources)
  if (isObject(resources) && resources.claims) yield* claimProblems(resources, context.claims)
  if (securityContext) yield* privilegeProblems(securityContext)
}

function* portProblems({ ports }: Fields, { hostNetwork, hostPorts, list }: ContainerContext): Generator<Inside> {
  const names = new Set<unknown>()
  for (const [index, { name, hostPort, containerPort, protocol, hostIP }] of entriesOf(ports).entries()) {
    if (name && names.has(name)) yield [['ports', index, 'name'], `repeats ${JSON.stringify(name)}`]
    names.add(name)
    if (list === 'ephemeralContainers') yield [['ports'], 'cannot be set in an ephemeral container']
    if (!hostPort) continue
    const key = `${protocol ?? 'TCP'}/${hostIP ?? ''}/${hostPort}`
    if (hostPorts.has(key)) yield [['ports', index, 'hostPort'], `repeats ${key}`]
    hostPorts.add(key)
    if (hostNetwork && list === 'containers' && hostPort !== containerPort) {
      yield [['ports', index, 'hostPort'], 'is not the containerPort, as hostNetwork wants']
    }
  }
}

function* mountProblems(container: Fields, { volumes }: ContainerContext): Generator<Inside> {
  const devices = entriesOf(container.volumeDevices)
  const paths = new Set<unknown>(devices.map(({ devicePath }) => devicePath))
  const deviceNames = new Set<unknown>()
  for (const [index, { name }] of devices.entries()) {
    const source = volumes.get(String(name))
    if (name && source === undefined) yield [['volumeDevices', index, 'name'], noVolume(name)]
    else if (source && source !== 'persistentVolumeClaim' && source !== 'ephemeral') {
      yield [['volumeDevices', index, 'name'], `is ${JSON.stringify(name)}, which is no claim`]
    }
    if (deviceNames.has(name)) yield [['volumeDevices', index, 'name'], `repeats ${JSON.stringify(name)}`]
    deviceNames.add(name)
  }
  if (paths.size < devices.length) yield [['volumeDevices'], 'have one path twice']
  for (const [index, mount] of entriesOf(container.volumeMounts).entries()) {
    const { name, mountPath, subPath, subPathExpr, mountPropagation } = mount
    const at = ['volumeMounts', index]
    if (name && !volumes.has(String(name))) yield [[...at, 'name'], noVolume(name)]
    if (deviceNames.has(name)) yield [[...at, 'name'], `${JSON.stringify(name)} is one of volumeDevices too`]
    if (mountPath && paths.has(mountPath)) yield [[...at, 'mountPath'], `repeats ${JSON.stringify(mountPath)}`]
    paths.add(mountPath)
    if (subPath && subPathExpr) yield [[...at, 'subPathExpr'], 'excludes subPath']
    if (mountPropagation === 'Bidirectional' && !isPrivileged(container)) {
      yield [[...at, 'mountPropagation'], 'Bidirectional is for privileged containers']
    }
  }
}

function noVolume(name: unknown): string {
  return `is ${JSON.stringify(name)}, and the pod has no such volume`
}

function isPrivileged({ securityContext }: Fields): boolean {
  return isObject(securityContext) && securityContext.privileged === true
}

const SOURCES = 'fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef'.split(' ')

function* variableProblems({ env, envFrom }: Fields): Generator<Inside> {
  for (const [index, { value, valueFrom }] of entriesOf(env).entries()) {
    if (!isObject(valueFrom)) continue
    const at = ['env', index, 'valueFrom']
    const sources = SOURCES.filter((source) => isObject(valueFrom[source]))
    if (Object.keys(valueFrom).some((key) => !SOURCES.includes(key))) continue
    if (value) yield [at, 'excludes value']
    if (isObject(valueFrom.fieldRef) && !isFieldPath(valueFrom.fieldRef.fieldPath, 'variable')) {
      yield [[...at, 'fieldRef', 'fieldPath'], `${JSON.stringify(valueFrom.fieldRef.fieldPath)} is no field to read`]
    }
    if (sources.length !== 1) yield [at, `wants one source, and has ${sources.join(' and ') || 'none'}`]
  }
  for (const [index, { configMapRef, secretRef, prefix: _, ...others }] of entriesOf(envFrom).entries()) {
    if (Object.keys(others).length > 0) continue
    if (Boolean(configMapRef) === Boolean(secretRef))
      yield [['envFrom', index], 'wants either configMapRef or secretRef']
  }
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep']
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe']

function* lifeProblems(container: Fields, { list }: ContainerContext): Generator<Inside> {
  const isInit = list === 'initContainers' && container.restartPolicy !== 'Always'
  for (const name of PROBES) {
    const probe = container[name]
    if (!isObject(probe)) continue
    if (isInit) yield [[name], 'cannot be set in an init container']
    const problem = handlerProblem(probe)
    if (problem !== undefined) yield [[name], problem]
    if (name !== 'readinessProbe' && typeof probe.successThreshold === 'number' && probe.successThreshold > 1) {
      yield [[name, 'successThreshold'], 'must be 1']
    }
    if (name === 'readinessProbe' && typeof probe.terminationGracePeriodSeconds === 'number') {
      yield [[name, 'terminationGracePeriodSeconds'], 'cannot be set']
    }
  }
  const { lifecycle } = container
  if (!isObject(lifecycle)) return
  if (isInit) yield [['lifecycle'], 'cannot be set in an init container']
  for (const name of ['postStart', 'preStop']) {
    const problem = isObject(lifecycle[name]) ? handlerProblem(lifecycle[name]) : undefined
    if (problem !== undefined) yield [['lifecycle', name], problem]
  }
}

function handlerProblem(handler: Fields): string | undefined {
  const found = HANDLERS.filter((name) => isObject(handler[name]))
  return found.length === 1 ? undefined : `wants one handler, and has ${found.join(' and ') || 'none'}`
}

/** Requests above limits, and what cannot be lent where they differ. */
export function* resourceProblems(resources: unknown): Generator<Inside> {
  if (!isObject(resources)) return
  const [limits, requests] = [resources.limits, resources.requests].map((list) => (isObject(list) ? list : {}))
  for (const [part, list] of Object.entries({ limits, requests })) {
    for (const [name, quantity] of Object.entries(list ?? {})) {
      if ((parseMilli(quantity) ?? 0) < 0) yield [['resources', part, name], 'is less than 0']
      if (!name.includes('/') && !STANDARD.test(name)) {
        yield [['resources', part, name], 'is no resource of a container, which has a domain if it is of a device']
      } else if (isWhole(name) && (parseMilli(quantity) ?? 0) % 1000 !== 0) {
        yield [['resources', part, name], 'must be an integer']
      }
    }
  }
  const names = [limits, requests].flatMap((list) => Object.keys(list ?? {}))
  if (
    names.some((name) => name.startsWith('hugepages-')) &&
    !names.some((name) => name === 'cpu' || name === 'memory')
  ) {
    yield [['resources'], 'has huge pages without cpu or memory']
  }
  for (const [name, quantity] of Object.entries(requests ?? {})) {
    const [request, limit] = [parseMilli(quantity), parseMilli(limits?.[name])]
    const isFixed = isWhole(name) || name.startsWith('hugepages-')
    if (isFixed && limits?.[name] === undefined) yield [['resources', 'requests', name], 'needs a limit']
    if (request === undefined || limit === undefined) continue
    if (request > limit) yield [['resources', 'requests', name], 'is more than the limit']
    else if (isFixed && request !== limit) yield [['resources', 'requests', name], 'is not the limit']
  }
}

const STANDARD = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/

/** A device's resource; those of Kubernetes itself have its domain. */
function isWhole(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/')
}

function* claimProblems(resources: unknown, claims: ReadonlySet<unknown>): Generator<Inside> {
  for (const [index, { name }] of entriesOf(isObject(resources) ? resources.claims : []).entries()) {
    if (!claims.has(name))
      yield [['resources', 'claims', index], `is ${JSON.stringify(name)}, and the pod has no such claim`]
  }
}

function* privilegeProblems(securityContext: unknown): Generator<Inside> {
  if (!isObject(securityContext) || securityContext.allowPrivilegeEscalation !== false) return
  const { privileged, capabilities } = securityContext
  const added = isObject(capabilities) && Array.isArray(capabilities.add) ? capabilities.add : []
  const at = ['securityContext', 'allowPrivilegeEscalation']
  if (privileged === true) yield [at, 'false excludes privileged']
  if (added.includes('CAP_SYS_ADMIN')) yield [at, 'false excludes CAP_SYS_ADMIN']
}

function entriesOf(list: unknown): readonly Fields[] {
  return Array.isArray(list) ? list.map((entry: unknown) => (isObject(entry) ? entry : {})) : []
}
