import { valueAt } from '../../kubernetes/documents/path.ts'
import { rowOf } from '../../kubernetes/documents/row-of.ts'
import { isObject, lineOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import { joinCollected } from '../collect/collected.ts'
import { chartOf } from '../operators/made-elsewhere.ts'
import type { Namer } from './chart-install.ts'

/** A resource that names a chart, or that such a one refers to. */
export interface GitOpsResource extends Namer {
  readonly group: string
  readonly value: Readonly<Record<string, unknown>>
}

/** Kinds that say what is installed, by API group; the others are what they refer to. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'helm.toolkit.fluxcd.io': ['HelmRelease'],
  'source.toolkit.fluxcd.io': ['HelmRepository', 'OCIRepository', 'HelmChart', 'GitRepository', 'Bucket'],
  'kustomize.toolkit.fluxcd.io': ['Kustomization'],
  'argoproj.io': ['Application', 'ApplicationSet'],
  'helm.cattle.io': ['HelmChart', 'HelmChartConfig'],
  'helm.k0sproject.io': ['Chart'],
  'content.hauler.cattle.io': ['Charts'],
  'mirror.openshift.io': ['ImageSetConfiguration'],
  'zarf.dev': ['ZarfPackageConfig'],
  'helmfile.file': ['Helmfile'],
  'fleet.file': ['Fleet'],
  skaffold: ['Config'],
  '': ['ConfigMap', 'Secret', 'ZarfPackageConfig'],
}

/** Bytes: an API server takes no larger resource. */
const MAX_TEXT = 4 * 1024 * 1024

/** Keeps of all resources of the inputs those that say which charts are installed, and with which values. */
export class GitOpsResources {
  readonly #byKind = new Map<string, GitOpsResource[]>()

  get noted(): Map<string, GitOpsResource[]> {
    return this.#byKind
  }

  /** Takes what was noted of later resources. */
  join(later: GitOpsResources['noted']): void {
    joinCollected({ byKind: this.#byKind }, { byKind: later })
  }

  note(resource: Resource): void {
    const group = groupOf(resource.apiVersion)
    if (!rowOf(KINDS, group)?.includes(resource.kind)) return
    // A copy: texts from a parser keep the whole file in memory.
    const text = JSON.stringify(resource.value)
    if (text.length > MAX_TEXT) return
    const { apiVersion, kind, namespace, name, document, path } = resource
    const made = chartOf(resource)
    const line = made ? document.lineOf([...path, ...made.path]) : lineOfResource(resource)
    const value = JSON.parse(text) as Record<string, unknown>
    const kept = { apiVersion, group, kind, namespace, name, value, file: document.file, line }
    const key = `${group}/${kind}`
    const all = this.#byKind.get(key)
    if (all) all.push(kept)
    else this.#byKind.set(key, [kept])
  }

  /** Those of a kind, in the order in which they were read. */
  all(group: string, kind: string): readonly GitOpsResource[] {
    return this.#byKind.get(`${group}/${kind}`) ?? []
  }

  /**
   * What a reference leads to. Namespaces are often filled in later, by what applies the files: where none has that of the
   * reference, the only one of that name counts.
   */
  find(group: string, kind: string, name: unknown, namespace: string | undefined): GitOpsResource | undefined {
    const named = this.all(group, kind).filter((one) => one.name === name)
    const exact = named.findLast((one) => one.namespace === namespace)
    if (exact) return exact
    const distinct = new Set(named.map(({ value }) => JSON.stringify(value.spec ?? value)))
    return distinct.size === 1 ? named[0] : undefined
  }
}

/** A text at a path such as `spec.chart.spec.version`, numbers too; undefined where there is none or it is empty. */
export function textAt(value: unknown, path: string): string | undefined {
  const found = valueAt(value, path.split('.'))
  if (typeof found === 'number') return String(found)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** A map at such a path; empty where there is none. */
export function mapAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  const found = valueAt(value, path.split('.'))
  return isObject(found) ? found : {}
}

/** The maps in the list at such a path. */
export function mapsAt(value: unknown, path: string): readonly Readonly<Record<string, unknown>>[] {
  const found = valueAt(value, path.split('.'))
  return Array.isArray(found) ? found.filter(isObject) : []
}
