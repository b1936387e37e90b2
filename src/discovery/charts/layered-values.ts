import type { Resource } from '../../kubernetes/objects/resource.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import type { ImageUse } from '../uses/image-use.ts'
import { findCandidates } from '../walk/walk.ts'
import type { ChartInstall } from './chart-install.ts'
import { GitOpsResources } from './gitops-resources.ts'
import { namedCharts } from './named-charts.ts'
import { mergeValues, type Values, valuesOfSetting } from './values.ts'

/** What a key of a ConfigMap or Secret is called that holds values of a chart. */
const HOLDS_VALUES = /values|\.ya?ml$/i
/** Charts beyond are not read again: each by itself was. */
const MAX_CHARTS = 2000

/**
 * The images that the values of a chart name once all layers are laid over one another: `valuesFrom` below `values`, a
 * HelmChartConfig over its HelmChart, parameters over both. Each layer by itself may name another tag, or none.
 */
export class LayeredValues {
  readonly #resources = new GitOpsResources()

  get noted(): GitOpsResources['noted'] {
    return this.#resources.noted
  }

  /** Takes what was noted of later resources. */
  join(later: GitOpsResources['noted']): void {
    this.#resources.join(later)
  }

  note(resource: Resource): void {
    const { kind, value } = resource
    const isHolder = kind === 'ConfigMap' || kind === 'Secret'
    if (!isHolder || [value.data, value.stringData].some(holdsValues)) this.#resources.note(resource)
  }

  /** Those that no layer names by itself: `isKnown` says which are known. */
  uses(isKnown: (image: string) => boolean): ImageUse[] {
    const { installs } = namedCharts(this.#resources)
    return installs.slice(0, MAX_CHARTS).flatMap((install) => usesOf(install, isKnown))
  }
}

function holdsValues(data: unknown): boolean {
  return isObject(data) && Object.keys(data).some((key) => HOLDS_VALUES.test(key))
}

function usesOf(install: ChartInstall, isKnown: (image: string) => boolean): ImageUse[] {
  const { file, line, ...workload } = install.namer
  const { apiVersion, kind, namespace, name } = workload
  const found = findCandidates(effectiveValues(install), { apiVersion: '', layer: 'config', isLoose: true })
  return found.candidates.flatMap(({ reference, path, confidence, why }): ImageUse[] => {
    const parsed = findReference(reference)
    if (!parsed || confidence === 'possible' || isKnown(criForm(parsed))) return []
    return [
      {
        ...{ reference, image: criForm(parsed), policy: undefined, policyFrom: 'operator', container: undefined },
        ...{ workload: { apiVersion, kind, namespace, name }, path, file, line, layer: 'knownField' },
        ...{ confidence: 'likely', why: `${why}, of all its values together` },
      },
    ]
  })
}

function effectiveValues({ values, set, setString }: ChartInstall): Values {
  const settings = [...set, ...setString].map((setting) => {
    const at = setting.indexOf('=')
    return valuesOfSetting(setting.slice(0, at), setting.slice(at + 1).replace(/\\,/g, ',')) ?? {}
  })
  return settings.reduce(mergeValues, values)
}
