import { formatPath } from '../../kubernetes/documents/path.ts'
import type { AccountedImages, NamedPresence, UnjudgedImage } from '../named/named-images.ts'
import { sayObstacles } from '../named/named-words.ts'
import type { ScannedImage } from '../named/scanned-image.ts'

/** An image that the inputs name, as `audit --json` prints it. */
export interface ImageReport {
  /** The CRI form. */
  readonly image: string
  /** Judged pods start it. */
  readonly judged: boolean
  /** Where it is named for pods that are not judged, and on which nodes it is; null where judged pods alone name it. */
  readonly elsewhere: ElsewhereReport | null
}

interface ElsewhereReport {
  readonly presence: NamedPresence
  /** Nodes on which it can be used. */
  readonly nodes: number
  /** Whether the bundle holds it; null where none is given. */
  readonly bundled: boolean | null
  /** Why it cannot be used on the others. */
  readonly reasons: readonly string[]
  readonly namedBy: readonly NamedByReport[]
}

interface NamedByReport {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  readonly field: string
  readonly layer: string
  readonly confidence: ScannedImage['confidence']
  readonly why: string
  readonly file: string
  readonly line: number
}

/** Every image that the inputs name, by name. */
export function imageReports({ judged, named }: AccountedImages): ImageReport[] {
  const elsewhere = new Map(named.map((one) => [one.image, one]))
  const names = [...new Set([...judged, ...elsewhere.keys()])].sort()
  return names.map((image) => {
    const one = elsewhere.get(image)
    return { image, judged: judged.has(image), elsewhere: one ? elsewhereReport(one) : null }
  })
}

function elsewhereReport(one: UnjudgedImage): ElsewhereReport {
  const namedBy = one.uses.map(({ workload, path, layer, confidence, why, file, line }) => ({
    ...workload,
    ...{ field: formatPath(path), layer, confidence, why, file, line },
  }))
  const { presence, holders: nodes, isBundled: bundled = null } = one
  return { presence, nodes, bundled, reasons: sayObstacles(one), namedBy }
}
