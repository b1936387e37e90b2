import type { Path } from '../../../kubernetes/documents/path.ts'
import { isObject } from '../../../kubernetes/objects/resource.ts'
import type { MadeElsewhere } from '../made-elsewhere.ts'

const REFERENCES: ReadonlySet<string | number | undefined> = new Set(['taskRef', 'pipelineRef', 'ref'])
const MAX_DEPTH = 24

/** The tasks and pipelines that a resolver brings. Source: https://tekton.dev/docs/pipelines/resolution/ */
export function resolvedByTekton(value: unknown, path: Path): MadeElsewhere[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return []
  const found = REFERENCES.has(path.at(-1)) && isObject(value) ? resolved(value, path) : undefined
  if (found) return [found]
  return Object.entries(value).flatMap(([key, child]) =>
    resolvedByTekton(child, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

function resolved(reference: Record<string, unknown>, path: Path): MadeElsewhere | undefined {
  const { resolver, bundle } = reference
  if (typeof bundle === 'string') {
    return { code: 'MANIFESTS_ELSEWHERE', what: `steps from the bundle ${bundle}`, path: [...path, 'bundle'] }
  }
  if (typeof resolver !== 'string') return undefined
  const params = Array.isArray(reference.params) ? reference.params.filter(isObject) : []
  const said = params.map(({ name, value }) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const what = `steps through the resolver ${resolver}${said.length === 0 ? '' : ` (${said.join(', ')})`}`
  return { code: 'MANIFESTS_ELSEWHERE', what, path: [...path, 'resolver'] }
}
