import { valueAt } from '../../documents/path.ts'
import { isObject, objectsOf, type Resource } from '../../objects/resource.ts'
import { WORKLOAD_KINDS } from '../../objects/workload.ts'

type Fields = Readonly<Record<string, unknown>>

/** What decides about pods among the kinds that a policy may make. */
const DECIDING: readonly string[] = [...WORKLOAD_KINDS, 'ResourceQuota', 'LimitRange']
const PLURALS = new Map(DECIDING.map((kind) => [`${kind.toLowerCase()}s`, kind]))

/**
 * The kinds of objects with pods, or that decide about pods, which a policy of Kyverno makes when something happens; `*`
 * where it does not say what it makes. Empty for all else.
 * Source: kyverno.io/docs/policy-types, GeneratingPolicy and generate rules.
 */
export function generatedKinds({ apiVersion, kind, value }: Resource): readonly string[] {
  const [group] = apiVersion.split('/')
  const spec = isObject(value.spec) ? value.spec : {}
  if (group === 'policies.kyverno.io' && /^(?:Namespaced)?GeneratingPolicy$/.test(kind)) {
    const parts = [...objectsOf(spec.generate as Fields[]), ...objectsOf(spec.variables as Fields[])]
    return deciding(kindsIn(parts.map(({ expression }) => String(expression)).join('\n')))
  }
  if (group !== 'kyverno.io' || !/^(?:Cluster)?Policy$/.test(kind)) return []
  return objectsOf(spec.rules as Fields[]).flatMap(({ generate }) =>
    isObject(generate) ? deciding([generate, ...objectsOf(generate.foreach as Fields[])].flatMap(kindsOfRule)) : [],
  )
}

/** The kinds that an expression names: of objects that it builds, and of those that it copies. */
function kindsIn(expression: string): string[] {
  const built = Array.from(expression.matchAll(/\bkind["']?\s*:\s*(?:dyn\(\s*)?["'](\w+)/g), ([, kind = '']) => kind)
  const copied = Array.from(
    expression.matchAll(/\bresource\.(?:Get|List)\(\s*["'][^"']*["']\s*,\s*["'](\w+)/g),
    ([, name = '']) => PLURALS.get(name) ?? name,
  )
  return [...built, ...copied]
}

function kindsOfRule(rule: Fields): string[] {
  const cloned = valueAt(rule, ['cloneList', 'kinds'])
  const all = [rule.kind, ...(Array.isArray(cloned) ? cloned : [])]
  return all.flatMap((kind) => (typeof kind === 'string' ? [kind.slice(kind.lastIndexOf('/') + 1)] : []))
}

function deciding(kinds: readonly string[]): readonly string[] {
  if (kinds.length === 0) return ['*']
  return [...new Set(kinds)].filter((kind) => kind === '*' || kind.includes('{') || DECIDING.includes(kind))
}
