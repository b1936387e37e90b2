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

/** A label that a pod will bear: whether it is sure to, and which values it may have then. */
export interface PendingLabel {
  readonly isSure: boolean
  readonly mayBe: (value: string) => boolean
}

/** By key: the labels whose values are known only once the pod is made. They take the place of what is written. */
export type PendingLabels = (key: string) => PendingLabel | undefined

/** Whether a selector selects what has these labels, and some that are pending; undefined where those decide. */
export function willSelect(
  selector: LabelSelector | null | undefined,
  labels: Labels,
  pending: PendingLabels | undefined,
): boolean | undefined {
  if (!pending || !selector || typeof selector !== 'object') return selects(selector, labels)
  if (!selectorKeys(selector).some(pending)) return selects(selector, labels)
  const wanted = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
  }))
  const answers = [...wanted, ...objectsOf(selector.matchExpressions)].map((expression) => {
    const label = pending(expression.key)
    return label ? willMatch(expression, label) : selects({ matchExpressions: [expression] }, labels)
  })
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function willMatch(
  { operator, values }: NonNullable<LabelSelector['matchExpressions']>[number],
  { isSure, mayBe }: PendingLabel,
): boolean | undefined {
  if (operator === 'In') return textsOf(values).some(mayBe) ? undefined : false
  if (operator === 'NotIn') return textsOf(values).some(mayBe) ? undefined : true
  if (operator === 'Exists') return isSure ? true : undefined
  return operator === 'DoesNotExist' && !isSure ? undefined : false
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
