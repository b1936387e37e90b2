import { isObject } from '../../kubernetes/objects/resource.ts'
import { namedValueOf } from '../compose/named-value.ts'

/** `$(NAME)`, and `$$`, which is a dollar sign that begins none. */
const VARIABLE = /\$\$|\$\(([A-Za-z_.-][\w.-]*)\)/g
/** Beyond this a text is no image; also what keeps variables of variables from growing without end. */
const MAX_LENGTH = 4096

/**
 * A container with `$(NAME)` in its variables, command and arguments put in as the kubelet does: a variable sees those
 * above it, the others see all. What has no value here stays as it is. The same map where nothing changes.
 */
export function withExpandedEnv(container: Record<string, unknown>): Record<string, unknown> {
  const { env, args, command } = container
  if (!Array.isArray(env) || ![env, args, command].some(mentionsVariables)) return container
  const values = new Map<string, string>()
  let isChanged = false
  const expand = (text: unknown): unknown => {
    if (typeof text !== 'string' || !text.includes('$(')) return text
    const expanded = expandText(text, values)
    isChanged ||= expanded !== text
    return expanded
  }
  const expandedEnv = env.map((item: unknown) => {
    const pair = isObject(item) ? namedValueOf(item) : undefined
    if (!pair || !isObject(item)) {
      // What comes from elsewhere hides an earlier variable of its name.
      if (isObject(item) && typeof item.name === 'string') values.delete(item.name)
      return item
    }
    const text = expand(pair.text)
    values.set(pair.name, String(text))
    return text === pair.text ? item : { ...item, [pair.key]: text }
  })
  const list = (texts: unknown) => (Array.isArray(texts) ? texts.map(expand) : texts)
  const expanded = { args: list(args), command: list(command) }
  if (!isChanged) return container
  const given = Object.fromEntries(Object.entries(expanded).filter(([, value]) => value !== undefined))
  return { ...container, ...given, env: expandedEnv }
}

/** Whether a list has anything to expand, as few have. */
function mentionsVariables(list: unknown): boolean {
  if (!Array.isArray(list)) return false
  return list.some((item: unknown) => {
    const text = isObject(item) ? namedValueOf(item)?.text : item
    return typeof text === 'string' && text.includes('$(')
  })
}

function expandText(text: string, values: ReadonlyMap<string, string>): string {
  const expanded = text.replace(VARIABLE, (found, name?: string) =>
    name === undefined ? found : (values.get(name) ?? found),
  )
  return expanded.length > MAX_LENGTH ? text : expanded
}
