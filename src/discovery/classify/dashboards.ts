import { isObject } from '../../kubernetes/objects/resource.ts'

/** A variable of a dashboard, alone. */
const VARIABLE = /^(?:\$\w+|\$\{\w+(?::\w+)?\}|\[\[\w+\]\])$/

/** Whether a value is a dashboard of Grafana, or a panel of one: what it shows is asked of a data source. */
function isDashboard(value: unknown): boolean {
  if (!isObject(value)) return false
  if (Array.isArray(value.targets) && value.targets.some((one) => isObject(one) && 'expr' in one)) return true
  return Array.isArray(value.panels) && ('schemaVersion' in value || 'templating' in value || 'title' in value)
}

/** What is open in a value, without the variables of a dashboard, which choose what is shown. */
export function withoutDashboardVariables<T extends { readonly text: string }>(
  value: unknown,
  open: readonly T[],
): readonly T[] {
  return open.length > 0 && isDashboard(value) ? open.filter(({ text }) => !VARIABLE.test(text)) : open
}
