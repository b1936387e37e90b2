import { readDocuments } from '../../kubernetes/documents/document.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { readKey } from '../classify/key.ts'
import { mayHoldImages } from '../classify/promising.ts'

/** A value that stands as text inside a resource; lines count from the start of that text, from 0. */
interface EmbeddedValue {
  readonly value: object
  lineOf(path: Path): number
}

const STRUCTURED = /^[ \t]*[[{]|^[ \t]*(?:-[ \t]+)?["']?[\w./-]+["']?[ \t]*:(?:\s|$)/m
/** `image: {repository: web, tag: "1"}` alone. */
const ONE_LINE = /^\s*[\w./-]+:\s+\{(?!\{).*\}\s*$/
/** How programs begin. */
export const SCRIPT = /^\s*(?:#!|set -|import |package |function )/

/** Resources whose base64 may be text that names images. */
const HOLDS_ENCODED = /\bkind["']?[ \t]{0,9}:[ \t]{0,9}["']?Secret\b|\bbinaryData\b/

/** Custom resources, which may install something without a word of images. */
const HOLDS_CUSTOM =
  /\bapiVersion["']?[ \t]{0,9}:[ \t]{0,9}["']?(?!(?:rbac\.authorization|apiextensions|apiregistration|admissionregistration|networking|storage|scheduling|coordination|discovery|events|certificates)\.k8s\.io\/)[\w-]{1,63}\.[\w.-]{1,190}\/v\d/

/** Whether a text says the API of a custom resource. */
export function holdsCustom(text: string): boolean {
  return HOLDS_CUSTOM.test(text)
}

/** Whether a text of that name can hold texts of its own: it is JSON, or has several lines. */
export function mayEmbed(text: string, name: string): boolean {
  const isStructure =
    text.length > 8 && (text.includes('\n') || /^\s*(?:\[(?!\[)|\{(?!\{))/.test(text) || ONE_LINE.test(text))
  if (!isStructure) return false
  return readKey(name).ofImage || mayHoldImages(text) || HOLDS_ENCODED.test(text) || HOLDS_CUSTOM.test(text)
}

/** The maps and lists that a text is YAML or JSON for; none where it is a template, a script or prose. */
export function readEmbedded(text: string): EmbeddedValue[] {
  if (!STRUCTURED.test(text) || SCRIPT.test(text)) return []
  const documents = Array.from(readDocuments(text, '', 0))
  const isWhole = documents.every((document) => document.form === 'manifest' && typeof document.value === 'object')
  if (!isWhole) return []
  return documents.flatMap((document) =>
    document.form === 'manifest' ? [{ value: document.value as object, lineOf: document.lineOf }] : [],
  )
}
