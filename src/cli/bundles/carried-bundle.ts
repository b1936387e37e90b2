import { type Finding, finding } from '../../finding.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import { quote } from '../../seed/files/quote.ts'
import { describeRequired } from './write-bundle.ts'

/** What makes one file of a bundle that lies in parts; undefined where it is one already. */
export function joinCommand({ path, isInParts }: BundleFile): string | undefined {
  const whole = wholeName(path)
  return isInParts ? `cat ${quote(whole)}.part??? > ${quote(whole)}` : undefined
}

/** What whoever brings a bundle to nodes must know of it. */
export function carriedFindings({ path, table: { requires } }: BundleFile): Finding[] {
  if (!requires) return []
  const message = `${path} is a delta: only nodes that still hold ${describeRequired(requires)} of its base can be seeded with it`
  const hint = `For other nodes merge it with its base first: nodeseed merge BASE ${path} -o FILE`
  return [finding('BUNDLE_IS_DELTA', message, { hint })]
}
