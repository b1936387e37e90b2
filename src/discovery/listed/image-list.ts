import { type Finding, finding } from '../../finding.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import type { ImageUse } from '../uses/image-use.ts'

/** A text that names images, one a line; `line` is where it begins in its file, from 1. */
export interface ImageListText {
  readonly form: 'list'
  readonly file: string
  readonly line: number
  readonly text: string
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

/** The uses and findings of images that stand one a line. */
export function readListed(text: string, owner: ListOwner): { uses: ImageUse[]; findings: Finding[] } {
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  text.split('\n').forEach((content, index) => {
    const reference = content.replace(/(?:^|\s)#.*/, '').trim()
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
