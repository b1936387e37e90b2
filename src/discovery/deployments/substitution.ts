import { isObject } from '../../kubernetes/objects/resource.ts'
import { type GitOpsResource, type GitOpsResources, mapAt, mapsAt, textAt } from '../charts/gitops-resources.ts'
import { textsOfHolder } from '../charts/values-from.ts'

/** What `postBuild` of a Flux Kustomization puts into the texts that it applies. */
export interface Substitution {
  readonly vars: Readonly<Record<string, string>>
  /** What is not known of it, each a part of a sentence. */
  readonly unknown: readonly string[]
}

const NAME = /^[_A-Za-z][_A-Za-z0-9]*$/

/** Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution */
export function substitutionOf(
  resources: GitOpsResources,
  { value, namespace }: GitOpsResource,
): Substitution | undefined {
  const postBuild = mapAt(value, 'spec.postBuild')
  const from = mapsAt(postBuild, 'substituteFrom')
  if (from.length === 0 && !isObject(postBuild.substitute)) return undefined
  const vars: Record<string, string> = {}
  const unknown: string[] = []
  for (const reference of from) {
    const [kind = 'ConfigMap', name] = [textAt(reference, 'kind'), textAt(reference, 'name')]
    const texts = textsOfHolder(resources, { kind, name, namespace })
    const isOptional = reference.optional === true ? ', and is optional' : ''
    if (texts) Object.assign(vars, texts)
    else
      unknown.push(
        `the variables in ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name} are not here${isOptional}`,
      )
  }
  for (const [key, text] of Object.entries(mapAt(postBuild, 'substitute'))) vars[key] = String(text)
  const named = Object.entries(vars).filter(([key]) => NAME.test(key))
  return { vars: Object.fromEntries(named.map(([key, text]) => [key, text.replaceAll('\n', '')])), unknown }
}

const MARK = /^---[ \t]*$/m
const DISABLED = /^\s{2,}kustomize\.toolkit\.fluxcd\.io\/substitute: ["']?disabled/m

/** Rendered documents with their variables filled in. */
export function substituted(text: string, { vars }: Substitution): string {
  const documents = text.split(MARK)
  return documents.map((one) => (DISABLED.test(one) ? one : filledIn(one, new Map(Object.entries(vars))))).join('---')
}

/** `${NAME}`, with a default behind `:=`, `:-`, `=` or `-`, or a change of case. */
const VARIABLE = /\$\{([_A-Za-z][_A-Za-z0-9]*)(?:(:?[=-])([^{}]*)|(\^\^?|,,?))?\}/g
/** Defaults may hold variables. */
const MAX_DEPTH = 8

/** What nothing says and what is computed otherwise stays as it is, so that what it is in is said to be open. */
function filledIn(text: string, vars: ReadonlyMap<string, string>): string {
  // `$${NAME}` is not meant.
  let filled = text.replaceAll('$${', '\0')
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next = filled.replace(VARIABLE, (whole: string, name: string, mark?: string, otherwise = '', change = '') => {
      const value = vars.get(name)
      if (mark !== undefined) return value === undefined || value === '' ? otherwise : value
      return value === undefined ? whole : changed(value, change)
    })
    if (next === filled) break
    filled = next
  }
  return filled.replaceAll('\0', '${')
}

function changed(value: string, change: string): string {
  switch (change) {
    case '^^':
      return value.toUpperCase()
    case ',,':
      return value.toLowerCase()
    case '^':
      return value.slice(0, 1).toUpperCase() + value.slice(1)
    case ',':
      return value.slice(0, 1).toLowerCase() + value.slice(1)
    default:
      return value
  }
}
