import { objectsOf, textsOf } from '../objects/resource.ts'

export type Labels = Readonly<Record<string, string>>

/** A LabelSelector of apimachinery; from a file that nobody has validated. */
export interface LabelSelector {
  readonly matchLabels?: Labels | undefined
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: string[] }[]
}

/** Whether a selector selects what has these labels. None selects nothing, an empty one everything. */
export function selects(selector: LabelSelector | null | undefined, labels: Labels): boolean {
  if (!selector || typeof selector !== 'object') return false
  const labelOf = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  const hasLabels = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labelOf(key) === value)
  return (
    hasLabels &&
    objectsOf(selector.matchExpressions).every(({ key, operator, values }) => {
      const value = labelOf(key)
      if (operator === 'In') return value !== undefined && textsOf(values).includes(value)
      if (operator === 'NotIn') return value === undefined || !textsOf(values).includes(value)
      if (operator === 'Exists') return value !== undefined
      return operator === 'DoesNotExist' && value === undefined
    })
  )
}

/** The keys that a selector asks about. */
export function selectorKeys(selector: LabelSelector): string[] {
  return [...Object.keys(selector.matchLabels ?? {}), ...objectsOf(selector.matchExpressions).map(({ key }) => key)]
}

/** A label as `key=value` of which everything selected has one; undefined where there is no such list. */
export function neededLabels({ matchLabels, matchExpressions }: LabelSelector): string[] | undefined {
  const [label] = Object.entries(matchLabels ?? {})
  if (label) return [label.join('=')]
  const one = objectsOf(matchExpressions).find(({ operator }) => operator === 'In')
  return one && textsOf(one.values).map((value) => `${one.key}=${value}`)
}
