import { type Finding, finding } from '../../finding.ts'
import { criForm, findReference } from '../../oci/reference.ts'
import type { ImageUse } from '../uses/image-use.ts'

/** Where a list comes from, for the uses that it makes. */
interface ListSource {
  readonly file: string
  /** The line of the list's first line, from 1. */
  readonly line: number
  readonly kind: 'ImageList' | 'Chart'
  readonly name: string
}

/** The uses and findings of a list of images, one a line; `#` begins a comment. */
export function readImageList(text: string, source: ListSource): { uses: ImageUse[]; findings: Finding[] } {
  const uses: ImageUse[] = []
  const findings: Finding[] = []
  text.split('\n').forEach((content, index) => {
    const reference = content.replace(/(?:^|\s)#.*/, '').trim()
    const at = { file: source.file, line: source.line + index }
    if (reference === '') return
    const parsed = findReference(reference)
    if (parsed) {
      uses.push(listedUse(reference, criForm(parsed), source, at.line))
      return
    }
    const hint = 'Write one reference a line: registry/repository:tag. A comment begins with #.'
    findings.push(finding('REFERENCE_INVALID', `not an image reference: ${JSON.stringify(reference)}`, { hint, ...at }))
  })
  return { uses, findings }
}

/** The use that a list, or a chart's annotation, makes of an image. */
export function listedUse(reference: string, image: string, { file, kind, name }: ListSource, line: number): ImageUse {
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
