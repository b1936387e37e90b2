import { isDeepStrictEqual } from 'node:util'
import { ExpectedError } from '../../errors.ts'
import { readDocuments } from '../../kubernetes/documents/document.ts'

/** A file's name for people, and its text. */
interface NamedText {
  readonly file: string
  readonly text: string
}

/**
 * The texts as one stream of YAML that kubectl reads as all of their documents: one text as it is; several with a mark
 * before each document that needs one. The stream is read again, and must hold the same documents.
 *
 * @throws {ExpectedError} PATCH_UNFAITHFUL
 */
export function joinedOutput(texts: readonly NamedText[]): string {
  const [only, ...others] = texts
  if (!only || others.length === 0) return only?.text ?? ''
  let stream = ''
  for (const { file, text } of texts) {
    const parts = isJsonText(text) ? Array.from(readDocuments(text, file), ({ source }) => source) : [text]
    for (const part of parts) {
      const content = part.charCodeAt(0) === 0xfeff ? part.slice(1) : part
      if (stream !== '' && !stream.endsWith('\n')) stream += '\n'
      stream += /^---(?=\s|$)/.test(content) ? content : `---\n${content}`
    }
  }
  const whole = stream.endsWith('\n') ? stream : `${stream}\n`
  compare(texts, whole)
  return whole
}

/** JSON documents may follow one another without a mark only in a text that begins with one. */
function isJsonText(text: string): boolean {
  return /^\ufeff?\s*\{/.test(text)
}

function compare(texts: readonly NamedText[], stream: string): void {
  const again = readDocuments(stream, '')
  for (const { file, text } of texts) {
    for (const document of readDocuments(text, file)) {
      const other = again.next().value
      if (!other || !isSame(document, other)) throw unfaithful(file, document.line)
    }
  }
  if (!again.next().done) throw unfaithful(texts.at(-1)?.file ?? '', 1)
}

type Read = ReturnType<typeof readDocuments> extends Generator<infer T> ? T : never

function isSame(a: Read, b: Read): boolean {
  if (a.form === 'manifest' && b.form === 'manifest') return isDeepStrictEqual(a.value, b.value)
  return a.form === b.form
}

function unfaithful(file: string, line: number): ExpectedError {
  const message = `${file}:${line}: this document would be another one behind those of other files`
  return new ExpectedError('PATCH_UNFAITHFUL', message, {
    hint: 'Patch this file by itself, or change the files with --in-place.',
  })
}
