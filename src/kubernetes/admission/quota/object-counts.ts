import { valueAt } from '../../documents/path.ts'
import { parseMilli } from '../../objects/quantity.ts'
import { isObject, objectsOf, type Resource } from '../../objects/resource.ts'
import { templatePathOf } from '../../objects/workload.ts'
import type { Resources } from '../../pods/pod-resources.ts'

/** How many objects there are, by the names that quotas have for them, in thousandths; and those not made yet. */
export interface ObjectCounts {
  readonly all: Resources
  readonly added: Resources
}

/** What quotas may call by its plural alone. */
const PLAIN: ReadonlySet<string> = new Set(
  'ConfigMap PersistentVolumeClaim ReplicationController ResourceQuota Secret Service'.split(' '),
)

/** What the objects of one namespace take of quotas, with what controllers make of them; their pods are left out. */
export function countObjects(resources: readonly Resource[]): ObjectCounts {
  const all = new Map<string, number>()
  const added = new Map<string, number>()
  const seen = new Map<string, Resource>()
  for (const one of resources) {
    const key = `${one.apiVersion} ${one.kind} ${one.name}`
    if (!seen.has(key) || isStored(one)) seen.set(key, one)
  }
  const claims = new Set(resources.filter(({ kind }) => kind === 'PersistentVolumeClaim').map(({ name }) => name))
  for (const one of seen.values()) {
    for (const [name, count] of takenBy(one, claims)) {
      all.set(name, (all.get(name) ?? 0) + count)
      if (!isStored(one)) added.set(name, (added.get(name) ?? 0) + count)
    }
  }
  return { all, added }
}

function* takenBy(one: Resource, claims: ReadonlySet<string>): Generator<readonly [name: string, milli: number]> {
  const { apiVersion, kind, value } = one
  if (kind === 'Pod') return
  // A ReplicaSet of a Deployment, a Job of a CronJob: counted with these.
  const owners = valueAt(value, ['metadata', 'ownerReferences']) as { kind?: string }[] | undefined
  if (objectsOf(owners).some((owner) => owner.kind === 'Deployment' || owner.kind === 'CronJob')) return
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : ''
  yield [`count/${kind.toLowerCase()}s${group}`, 1000]
  if (group === '' && PLAIN.has(kind)) yield [`${kind.toLowerCase()}s`, 1000]
  if (kind === 'Deployment') yield ['count/replicasets.apps', 1000]
  if (kind === 'CronJob') yield ['count/jobs.batch', 1000]
  if (kind === 'PersistentVolumeClaim') yield* storageOf(value.spec)
  else if (templatePathOf(one)) yield* claimsMadeFor(one, claims)
}

/** The claims that come with the pods of a workload. */
function* claimsMadeFor(one: Resource, claims: ReadonlySet<string>): ReturnType<typeof takenBy> {
  const { kind, name, value } = one
  const replicas = Number(valueAt(value, ['spec', 'replicas']) ?? 1)
  const templates = kind === 'StatefulSet' ? valueAt(value, ['spec', 'volumeClaimTemplates']) : undefined
  for (const template of objectsOf(templates as object[] | undefined)) {
    const start = Number(valueAt(value, ['spec', 'ordinals', 'start']) ?? 0)
    const prefix = `${valueAt(template, ['metadata', 'name'])}-${name}-`
    let there = 0
    for (const claim of claims) {
      const ordinal = claim.startsWith(prefix) ? Number(claim.slice(prefix.length)) : Number.NaN
      if (ordinal >= start && ordinal < start + replicas) there += 1
    }
    yield* times(claimOf(valueAt(template, ['spec'])), replicas - there)
  }
  const volumes = valueAt(value, [...(templatePathOf(one) ?? []), 'spec', 'volumes'])
  for (const volume of objectsOf(volumes as object[] | undefined)) {
    const spec = valueAt(volume, ['ephemeral', 'volumeClaimTemplate', 'spec'])
    if (isObject(spec)) yield* times(claimOf(spec), replicas)
  }
}

function* claimOf(spec: unknown): ReturnType<typeof takenBy> {
  yield ['persistentvolumeclaims', 1000]
  yield ['count/persistentvolumeclaims', 1000]
  yield* storageOf(spec)
}

function* storageOf(spec: unknown): ReturnType<typeof takenBy> {
  const milli = parseMilli(valueAt(spec, ['resources', 'requests', 'storage'])) ?? 0
  yield ['requests.storage', milli]
  const className = valueAt(spec, ['storageClassName'])
  if (typeof className !== 'string' || className === '') return
  yield [`${className}.storageclass.storage.k8s.io/requests.storage`, milli]
  yield [`${className}.storageclass.storage.k8s.io/persistentvolumeclaims`, 1000]
}

function* times(taken: ReturnType<typeof takenBy>, count: number): ReturnType<typeof takenBy> {
  if (count > 0) for (const [name, milli] of taken) yield [name, milli * count]
}

function isStored({ value }: Resource): boolean {
  return typeof valueAt(value, ['metadata', 'uid']) === 'string'
}
