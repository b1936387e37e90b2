import type { LockedContent } from '../../bundle/format/bundle.ts'
import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { BundleFile } from '../../layout/bundle-file.ts'
import { wholeName } from '../../layout/files/part-name.ts'
import { quote } from '../../quote.ts'
import { describeRequired, patchesIn } from '../deltas/describe-delta.ts'

/** What nodes are given of what people named. */
export interface CarriedBundle {
  /** The bundle, whole. */
  readonly path: string
  /** What makes it of what is named, where that is no bundle: nodes have no program that could. */
  readonly make: string | undefined
  /** What makes one file of parts; undefined where it is one already. */
  readonly join: string | undefined
}

export function carriedAs(content: LockedContent): CarriedBundle {
  if (content instanceof BundleFile) {
    const whole = wholeName(content.path)
    const join = content.isInParts ? `cat ${quote(whole)}.part??? > ${quote(whole)}` : undefined
    return { path: whole, make: undefined, join }
  }
  const path = `${content.path.replace(/\/+$/, '').replace(/(?:\.(?:tar|tgz|tzst|gz|zst|haul))+$/, '')}.bundle.tar`
  return { path, make: `nodeseed bundle --from ${quote(content.path)} -o ${quote(path)}`, join: undefined }
}

/**
 * What whoever brings a bundle to nodes must know of it.
 *
 * @throws {ExpectedError} UNSUPPORTED for a delta that no node can take, because layers of it are patches.
 */
export function carriedFindings(content: LockedContent): Finding[] {
  if (!(content instanceof BundleFile) || !content.table.requires) return []
  const { path } = content
  const { requires } = content.table
  if (patchesIn(content.table).length > 0) {
    throw new ExpectedError('UNSUPPORTED', `${path}: a delta with patches of layers, which nodes cannot apply`, {
      hint: `Merge it with its base first: nodeseed merge BASE ${quote(path)} -o FILE`,
    })
  }
  const message = `${path} is a delta: only nodes that still hold ${describeRequired(requires)} of its base can be seeded with it`
  const hint = `For other nodes merge it with its base first: nodeseed merge BASE ${quote(path)} -o FILE`
  return [finding('BUNDLE_IS_DELTA', message, { hint })]
}
