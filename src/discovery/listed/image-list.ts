import { type Finding, finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import { listedEntries } from '../classify/listed-lines.ts'
import type { ImageUse } from '../uses/image-use.ts'

/** A text that names images, one a line; `line` is where it begins in its file, from 1. */
export interface ImageListText {
  readonly form: 'list'
  readonly file: string
  readonly line: number
  readonly text: string
  /** Nobody named it: it lies in a directory. */
  readonly isFound?: boolean
}

/** Who names images in a list, for the uses that it makes. */
interface ListOwner {
  readonly file: string
  /** The line of the list's first line, from 1. */
  readonly line: number
  readonly kind: 'ImageList' | 'Chart'
  readonly name: string
}

/** The uses and findings of a list of images; `#` begins a comment. */
export function readImageList({ file, line, text }: ImageListText): { uses: ImageUse[]; findings: Finding[] } {
  return readListed(text, { file, line, kind: 'ImageList', name: file })
}

/** Whether a value is a list of images and nothing else: `["nginx:1.27"]`. */
export function isListOfImages(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((entry) => typeof entry === 'string' && /[/:@]/.test(entry) && findReference(entry) !== undefined)
  )
}

/** The uses of a list of images in YAML or JSON. */
export function readImageArray(
  { file, lineOf }: Pick<Document, 'file' | 'lineOf'>,
  list: readonly string[],
): { uses: ImageUse[]; findings: Finding[] } {
  const owner = { file, line: 1, kind: 'ImageList', name: file } as const
  const uses = list.flatMap((reference, index): ImageUse[] => {
    const parsed = findReference(reference)
    return parsed ? [listedUse(reference, criForm(parsed), owner, lineOf([index]))] : []
  })
  return { uses, findings: [] }
}

/** The uses and findings of images that stand one a line. */
export function readListed(text: string, owner: ListOwner): { uses: ImageUse[]; findings: Finding[] } {
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  listedEntries(text).forEach((reference, index) => {
    const at = { file: owner.file, line: owner.line + index }
    if (reference === '') return
    const parsed = findReference(reference)
    if (parsed) {
      uses.push(listedUse(reference, criForm(parsed), owner, at.line))
      return
    }
    const hint = 'Write one reference a line: registry/repository:tag. A comment begins with #.'
    findings.push(finding('REFERENCE_INVALID', `not an image reference: ${JSON.stringify(reference)}`, { hint, ...at }))
  })
  return { uses, findings }
}

/** The use that a list, or a chart's annotation, makes of an image. */
function listedUse(reference: string, image: string, { file, kind, name }: ListOwner, line: number): ImageUse {
  return {
    reference,
    image,
    policy: undefined,
    policyFrom: 'operator',
    workload: { apiVersion: '', kind, namespace: undefined, name },
    container: undefined,
    path: [],
    file,
    line,
    layer: 'list',
    confidence: 'certain',
    why: kind === 'Chart' ? 'annotation of the chart' : 'image list',
  }
}
