import type { InputDocument } from '../../../discovery/input-document.ts'
import type { DocumentScan } from '../../../discovery/scan.ts'
import { hereDocuments } from '../../../discovery/texts/here-documents.ts'
import { type Finding, finding } from '../../../finding.ts'
import { isObject } from '../../../kubernetes/objects/resource.ts'
import { isManifestText } from '../contents/holds-manifests.ts'

interface Recognised {
  readonly isKnown: boolean
  readonly isEmpty: boolean
}

/** Follows the documents of inputs, to tell of each input that ends whether anything in it was known. */
export class Recognition {
  #isKnown = false
  #isEmpty = true

  get noted(): Recognised {
    return { isKnown: this.#isKnown, isEmpty: this.#isEmpty }
  }

  /** Takes what was noted of later documents of the same input. */
  join({ isKnown, isEmpty }: Recognised): void {
    this.#isKnown ||= isKnown
    this.#isEmpty &&= isEmpty
  }

  /** Takes what a document gave; a finding behind an input in which nothing was known. */
  follow(document: InputDocument, scan: Pick<DocumentScan, 'uses' | 'resources' | 'findings'>): Finding | undefined {
    if (document.form !== 'end') {
      this.#isKnown ||= speaksForItself(document) || gaveSomething(scan)
      this.#isEmpty &&= document.form === 'blank' || document.form === 'notice'
      return undefined
    }
    const [isKnown, isEmpty] = [this.#isKnown || document.isRepeated, this.#isEmpty]
    this.#isKnown = false
    this.#isEmpty = true
    return isKnown ? undefined : unrecognised(document.file, isEmpty)
  }
}

/** A chart, a resource that needs no parsing, a script that holds some, and a list without items are known for what they are. */
function speaksForItself(document: InputDocument): boolean {
  if (document.form === 'chart' || document.form === 'unneeded') return true
  if (document.form === 'text') return hereDocuments(document.text).some(({ text }) => isManifestText(text))
  return document.form === 'manifest' && isObject(document.value) && typeof document.value.kind === 'string'
}

/** Of what may name images and could not be read something is said already. */
function gaveSomething({ uses, resources, findings }: Pick<DocumentScan, 'uses' | 'resources' | 'findings'>): boolean {
  const isTold = findings.some((found) => isUnreadable(found) || SAYS_WHAT_IS_RUN.has(found.code))
  return uses.length + resources.length > 0 || isTold
}

const SAYS_WHAT_IS_RUN: ReadonlySet<string> = new Set([
  'IMAGE_UNRESOLVED',
  'CHART_ELSEWHERE',
  'MANIFESTS_ELSEWHERE',
  'OPERATOR_CHOOSES',
])

function unrecognised(input: string, isEmpty: boolean): Finding {
  const what = isEmpty ? 'there is nothing in it' : 'nothing in it is known'
  const isChart = /(?:^|\/)Chart\.yaml$/.test(input)
  return finding('INPUT_UNRECOGNISED', `${input}: ${what}: no Kubernetes resource, and no list of images`, {
    file: input,
    ...(isChart && { hint: 'Name the directory of the chart, so that it is rendered.' }),
  })
}

/** Whether some input could not be read, so that images may be missing from the answer. */
export function isIncomplete({ findings }: { readonly findings: readonly Finding[] }): boolean {
  return findings.some(isUnreadable)
}

/** Whether a finding says that an input, or a part of it, could not be read. */
export function isUnreadable({ code, severity }: Finding): boolean {
  return UNREAD.has(code) && severity === 'error'
}

/** Whether a finding says that a part of the inputs was not read, for whatever reason. */
export function isAboutInputs({ code }: Finding): boolean {
  return (
    UNREAD.has(code) ||
    code === 'PASSED_OVER' ||
    code === 'NOT_READ' ||
    code === 'NOT_INCLUDED' ||
    code === 'FILE_IGNORED'
  )
}

const UNREAD: ReadonlySet<string> = new Set(['FILE_UNREADABLE', 'DOCUMENT_UNREADABLE', 'INPUT_UNRECOGNISED'])
