import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import type { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import { quote } from '../../seed/output/quote.ts'
import { describeRequired } from './write-bundle.ts'

/** Nodes and their runtimes read one file: what makes it of the parts; undefined where it is one already. */
export function joinCommand({ path, isInParts }: BundleFile): string | undefined {
  const whole = wholeName(path)
  return isInParts ? `cat ${quote(whole)}.part??? > ${quote(whole)}` : undefined
}

/** @throws {ExpectedError} INPUT_INVALID */
export function checkInOneFile(bundle: BundleFile): void {
  const join = joinCommand(bundle)
  if (join === undefined) return
  throw new ExpectedError(
    'INPUT_INVALID',
    `${wholeName(bundle.path)} lies in parts, which no container runtime reads`,
    {
      hint: `Join them first: ${join}`,
    },
  )
}

/** What whoever brings a bundle to nodes must know of it. */
export function carriedFindings({ path, table: { requires } }: BundleFile): Finding[] {
  if (!requires) return []
  const message = `${path} is a delta: only nodes that still hold ${describeRequired(requires)} of its base can be seeded with it`
  const hint = `For other nodes merge it with its base first: nodeseed merge BASE ${path} -o FILE`
  return [finding('BUNDLE_IS_DELTA', message, { hint })]
}
