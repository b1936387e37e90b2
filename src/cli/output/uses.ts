import type { ImageUse } from '../../discovery/uses/image-use.ts'
import { formatPath } from '../../kubernetes/documents/path.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { criForm, findReference, repositoryName } from '../../oci/reference.ts'
import { printable, renderTable } from './table.ts'

/** Uses as a table, one line each. */
export function renderUses(uses: readonly ImageUse[]): string {
  if (uses.length === 0) return 'No image.'
  const rows = uses.map(({ reference, policy, workload, container, file, line, layer, confidence }) => [
    reference,
    policy ?? '(operator)',
    nameOfResource(workload),
    container ?? '',
    confidence === 'certain' ? layer : `${layer}, ${confidence}`,
    `${file}:${line}`,
  ])
  return renderTable(['IMAGE', 'POLICY', 'WORKLOAD', 'CONTAINER', 'FOUND IN', 'WHERE'], rows)
}

/** Every place that names an image, and what made it one. */
export function renderWhy(uses: readonly ImageUse[]): string {
  return uses
    .map((use) => {
      const container = use.container ? `, container ${use.container}` : ''
      const field = use.path.length > 0 ? `, ${formatPath(use.path)}` : ''
      return [
        `${use.reference}`,
        `  where:  ${use.file}:${use.line}, ${nameOfResource(use.workload)}${container}${field}`,
        `  why:    ${use.why} (${use.layer}, ${use.confidence})`,
        `  policy: ${policyText(use)}`,
      ]
        .map(printable)
        .join('\n')
    })
    .join('\n')
}

/** The uses of one image, however they write it; of every version where the reference has neither tag nor digest. */
export function usesOf(uses: readonly ImageUse[], reference: string): ImageUse[] {
  const wanted = findReference(reference)
  if (!wanted) return uses.filter((use) => use.reference === reference)
  const isAny = wanted.tag === undefined && wanted.digest === undefined
  return uses.filter((use) => {
    const parsed = findReference(use.reference)
    if (!parsed || repositoryName(parsed) !== repositoryName(wanted)) return false
    return isAny || criForm(parsed) === criForm(wanted) || (!wanted.digest && parsed.tag === wanted.tag)
  })
}

function policyText({ policy, policyFrom }: ImageUse): string {
  if (policy === undefined) return 'set by its operator'
  return policyFrom === 'default' ? `${policy}, by default` : policy
}
