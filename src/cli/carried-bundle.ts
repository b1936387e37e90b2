import type { Finding } from '../finding.ts'
import type { BundleFile } from '../layout/bundle-file.ts'
import { describeRequired } from './write-bundle.ts'

/** What whoever brings a bundle to nodes must know of it. */
export function carriedFindings({ path, table: { requires } }: BundleFile): Finding[] {
  if (!requires) return []
  return [
    {
      code: 'BUNDLE_IS_DELTA',
      severity: 'warning',
      message: `${path} is a delta: only nodes that still hold ${describeRequired(requires)} of its base can be seeded with it`,
      hint: `For other nodes merge it with its base first: nodeseed merge BASE ${path} -o FILE`,
      file: undefined,
      line: undefined,
    },
  ]
}
