import { maskPlaceholders } from '../classify/placeholders.ts'
import { holdsCustom } from './embedded.ts'

/** A document of a template as it is without what fills it in, and the line on which it begins, from 0. */
export interface TemplateDocument {
  readonly text: string
  readonly line: number
  /** A text out of it with what stood there. */
  unmask(text: string): string
}

const EXPRESSION = /\{\{[^{}]{0,400}\}\}|\{%[^%]{0,400}%\}|<%[^%]{0,400}%>|\{#[^#]{0,400}#\}/g
const LOGIC = /\{%[^%\n]{0,400}%\}|<%(?!=)[^%\n]{0,400}%>|\{#[^#\n]{0,400}#\}/g
const IS_TEMPLATE = /\{\{|\{%|<%|\$\{|\[\[|\(\(/
/** Beyond this a text is data. */
const MAX_TEXT = 1_000_000

/**
 * The documents of a template of custom resources, with a word in each place that is filled in and without lines of logic:
 * what they install and who chooses their images can mostly be told all the same. Both branches of a condition stay.
 */
export function templateDocuments(text: string): TemplateDocument[] {
  if (text.length > MAX_TEXT || !IS_TEMPLATE.test(text) || !holdsCustom(text)) return []
  return unfilledDocuments(text).filter((one) => holdsCustom(one.text))
}

/** The same of any template. */
export function unfilledDocuments(text: string): TemplateDocument[] {
  const lines = text.split('\n').map((line) => {
    if (!/\{[{%#]|<%/.test(line)) return line
    return line.replace(EXPRESSION, '').trim() === '' ? '' : line.replace(LOGIC, '')
  })
  const { masked, unmask } = maskPlaceholders([lines.join('\n')])
  let line = 0
  return (masked[0] ?? '').split(/^---.*$/m).map((document) => {
    const begin = line
    line += document.split('\n').length - 1
    return { text: document, line: begin, unmask }
  })
}
