import type { InputDocument } from '../../../discovery/input-document.ts'
import type { DocumentScan } from '../../../discovery/scan.ts'
import type { ImageUse } from '../../../discovery/uses/image-use.ts'
import type { Finding } from '../../../finding.ts'
import { lineOfResource } from '../../../kubernetes/objects/resource.ts'

interface Place {
  readonly file?: string | undefined
  readonly line?: number | undefined
}

/** Where what stands in rendered texts comes from, so that people are told of files that they can open. */
export class Origins {
  readonly #places = new Map<string, { file: string; line: number }>()

  /** Takes what a document gave, and what else is said of places in it. */
  note(
    document: InputDocument,
    {
      uses,
      findings,
      resources = [],
    }: Pick<DocumentScan, 'uses'> & { findings: readonly Place[] } & Partial<Pick<DocumentScan, 'resources'>>,
  ): void {
    const origin = 'origin' in document ? document.origin : undefined
    if (!origin) return
    for (const { file, line, reference } of uses) this.#add({ file, line }, origin.file, origin.lineOf(reference))
    for (const place of findings) this.#add(place, origin.file, origin.lineOf(undefined))
    for (const resource of resources) {
      const place = { file: resource.document.file, line: lineOfResource(resource) }
      this.#add(place, origin.file, origin.lineOf(undefined))
    }
    if ('line' in document) this.#add(document, origin.file, origin.lineOf(undefined))
  }

  #add({ file, line }: Place, origin: string, at: number): void {
    const key = `${file}:${line}`
    if (line !== undefined && !this.#places.has(key)) this.#places.set(key, { file: origin, line: at })
  }

  /** The same uses or findings, at the places that they come from. */
  told<T extends ImageUse | Finding>(list: readonly T[]): T[] {
    if (this.#places.size === 0) return [...list]
    return list.map((one) => ({ ...one, ...this.#places.get(`${one.file}:${one.line}`) }))
  }
}
