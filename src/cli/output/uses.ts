import type { ImageUse } from '../../discovery/uses/image-use.ts'
import { formatPath } from '../../kubernetes/documents/path.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import { printable } from './terminal/printable.ts'
import { renderTable } from './terminal/table.ts'

/** Uses as a table, one line each; `width` is that of the screen. What could not be read may have images. */
export function renderUses(uses: readonly ImageUse[], width: number | undefined, isIncomplete = false): string {
  if (uses.length === 0) return isIncomplete ? 'No image in what could be read.' : 'No image.'
  const rows = uses.map(({ reference, policy, workload, container, file, line, layer, confidence }) => [
    reference,
    policy ?? '(operator)',
    nameOfResource(workload),
    container ?? '',
    confidence === 'certain' ? layer : `${layer}, ${confidence}`,
    `${file}:${line}`,
  ])
  return renderTable(['IMAGE', 'POLICY', 'WORKLOAD', 'CONTAINER', 'FOUND IN', 'WHERE'], rows, {
    width,
    spared: ['CONTAINER', 'FOUND IN'],
  })
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

function policyText({ policy, policyFrom }: ImageUse): string {
  if (policy === undefined) return 'set by its operator'
  return policyFrom === 'default' ? `${policy}, by default` : policy
}
