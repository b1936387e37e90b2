import { type DocumentScan, type InputDocument, scanDocument } from '../../discovery/scan.ts'
import { checkReplaceable, replaceFile, tidyBeside } from '../../disk/write-file.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { TextEdit } from '../../kubernetes/documents/splice.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { patchDocument } from '../../seed/patch/patch-document.ts'
import { type ReadOptions, readInputs } from '../inputs/input-documents.ts'
import { Recognition } from '../inputs/recognition.ts'
import { type Source, sourcesOf } from '../inputs/source.ts'

/** A file of the inputs, and what it says with the edits of its workloads. */
export interface PatchedFile {
  /** `<stdin>` for standard input. */
  readonly file: string
  readonly text: string
  /** Values that were set. */
  readonly changes: number
}

/**
 * Reads every input with the edits of its workloads; nothing is written. Files of a directory that cannot be read are
 * findings.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE for an input itself.
 */
export async function patchFiles(
  inputs: readonly string[],
  editsOf: (workload: Workload) => readonly TextEdit[],
  options: ReadOptions,
): Promise<{ files: PatchedFile[]; findings: Finding[] }> {
  const files = new Map<string, PatchedFile>()
  const findings: Finding[] = []
  const recognition = new Recognition()
  for await (const document of readInputs(inputs, options)) {
    const { file } = document
    const scan = scanDocument(document)
    const unknown = recognition.follow(document, scan)
    const patched = patchedDocument(document, scan, editsOf)
    findings.push(...patched.findings, ...(unknown ? [unknown] : []))
    if (document.form === 'notice' || document.form === 'end') continue
    const { text = '', changes = 0 } = files.get(file) ?? {}
    files.set(file, { file, text: text + patched.source, changes: changes + patched.changes })
  }
  return { files: [...files.values()], findings }
}

function patchedDocument(
  document: InputDocument,
  scan: DocumentScan,
  editsOf: (workload: Workload) => readonly TextEdit[],
) {
  if (document.form === 'manifest') return patchDocument(document, scan, editsOf)
  return { source: sourceOf(document), changes: 0, findings: scan.findings }
}

function sourceOf(document: InputDocument): string {
  if ('source' in document) return document.source
  return document.form === 'list' ? document.text : ''
}

const NO_FILES = { stdin: 'standard input', chart: 'a chart', kustomization: 'a kustomization' } as const

/**
 * Makes sure, before any is read, that all inputs are files that can be changed.
 *
 * @throws {ExpectedError} USAGE for a chart, a kustomization or standard input; INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function checkInPlace(inputs: readonly string[]): Promise<void> {
  for (const input of inputs) {
    const source = (await sourcesOf(input)).find(({ kind }) => kind in NO_FILES)
    if (source) throw notInPlace(source)
  }
}

function notInPlace(source: Source): ExpectedError {
  const what = NO_FILES[source.kind as keyof typeof NO_FILES]
  const name = 'path' in source ? `${source.path}: ${what}` : what
  return new ExpectedError('USAGE', `${name} cannot be changed in place`, {
    hint: 'Name its files, leave --in-place out to print what changes, or write a component beside it: --output DIR.',
  })
}

/**
 * Writes the files that changed in place, once it is sure that each can be written: each is the old or the new one, also
 * when this is killed.
 *
 * @throws {ExpectedError} USAGE for a link; DISK_FULL, DISK_ERROR
 */
export async function writePatched(files: readonly PatchedFile[]): Promise<void> {
  const changed = files.filter(({ changes }) => changes > 0)
  for (const { file } of changed) await checkReplaceable(file)
  for (const { file, text, changes } of files) {
    if (changes > 0) await replaceFile({ file, content: text })
    else await tidyBeside(file)
  }
}
