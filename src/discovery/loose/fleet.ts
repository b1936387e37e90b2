import { isObject } from '../../kubernetes/objects/resource.ts'
import { mergeValues, type Values } from '../charts/values.ts'

/** The values that one target of a fleet.yaml gets, and where what is its own stands. */
export interface FleetValues {
  readonly path: readonly (string | number)[]
  readonly values: Values
}

/** What each target customization makes of the values of a fleet.yaml. Source: https://fleet.rancher.io/ref-fleet-yaml */
export function fleetValues(value: unknown): FleetValues[] {
  const customizations = isObject(value) ? value.targetCustomizations : undefined
  if (!isObject(value) || !Array.isArray(customizations)) return []
  const base = valuesIn(value)
  return customizations.flatMap((one, index): FleetValues[] => {
    const own = isObject(one) ? valuesIn(one) : {}
    const path = ['targetCustomizations', index, 'helm', 'values']
    return Object.keys(own).length === 0 ? [] : [{ path, values: mergeValues(base, own) }]
  })
}

function valuesIn({ helm }: Readonly<Record<string, unknown>>): Values {
  return isObject(helm) && isObject(helm.values) ? helm.values : {}
}

/** The charts that a fleet.yaml takes from repositories; one of a path is rendered where it lies. */
export function fleetCharts(
  value: unknown,
  file: string,
): { readonly what: string; readonly path: readonly (string | number)[] }[] {
  if (!isObject(value) || !/(?:^|\/)fleet\.ya?ml$/i.test(file)) return []
  const targets = Array.isArray(value.targetCustomizations) ? value.targetCustomizations : []
  const places = [
    { holder: value, path: ['helm', 'chart'] },
    ...targets.map((holder: unknown, index) => ({ holder, path: ['targetCustomizations', index, 'helm', 'chart'] })),
  ]
  return places.flatMap(({ holder, path }) => {
    const helm = isObject(holder) && isObject(holder.helm) ? holder.helm : {}
    const [chart, version] = [helm.chart ?? helm.repo, helm.version]
    if (typeof chart !== 'string' || (helm.repo === undefined && !/^[a-z][a-z0-9+.-]*:\/\//i.test(chart))) return []
    return [{ what: `chart ${chart}${typeof version === 'string' ? ` ${version}` : ''}`, path }]
  })
}
