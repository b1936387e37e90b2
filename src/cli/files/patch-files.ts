import { readFile } from 'node:fs/promises'
import type { InputDocument } from '../../discovery/input-document.ts'
import { type DocumentScan, scanDocument } from '../../discovery/scan.ts'
import { checkReplaceable, replaceFile, tidyBeside } from '../../disk/write-file.ts'
import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { readEveryDocument } from '../../kubernetes/documents/document.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import { patchDocument } from '../../seed/patch/patch-document.ts'
import type { PodEdits } from '../../seed/patch/pod-edit.ts'
import { withoutElsewhere } from '../inputs/deployed/elsewhere.ts'
import { type Deployed, NOTHING_DEPLOYED, pathsOf } from '../inputs/deployed/survey.ts'
import { type ReadOptions, readInputs } from '../inputs/input-documents.ts'
import { Origins } from '../inputs/parts/origins.ts'
import { Recognition } from '../inputs/parts/recognition.ts'
import { type Source, sourcesOf } from '../inputs/source.ts'

/** A file of the inputs, and what it says with the edits of its workloads. */
export interface PatchedFile {
  /** `<stdin>` for standard input. */
  readonly file: string
  /** As it was read. */
  readonly before: string
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
  editsOf: (place: PodPlace) => PodEdits,
  options: ReadOptions,
): Promise<{ files: PatchedFile[]; findings: Finding[] }> {
  const files = new Map<string, { sources: string[]; patched: string[]; changes: number }>()
  const findings: Finding[] = []
  const recognition = new Recognition()
  const origins = new Origins()
  let deployed = NOTHING_DEPLOYED
  const noteDeployed = (found: Deployed) => {
    deployed = found
  }
  for await (const document of readInputs(inputs, { ...options, keepsFiles: true, noteDeployed })) {
    const scan = scanDocument(document)
    const unknown = recognition.follow(document, scan)
    const patched = patchedDocument(document, scan, editsOf)
    origins.note(document, { ...scan, findings: patched.findings })
    findings.push(...(unknown ? [unknown] : []))
    for (const finding of [...patched.findings, ...chartsElsewhere(document, scan)]) findings.push(finding)
    if (!('source' in document)) continue
    const file = files.get(document.file) ?? { sources: [], patched: [], changes: 0 }
    files.set(document.file, file)
    file.sources.push(document.source)
    file.patched.push(patched.source)
    file.changes += patched.changes
  }
  return {
    files: Array.from(files, ([file, { sources, patched, changes }]): PatchedFile => {
      const text = wholeText(file, patched)
      return { file, before: sources.join(''), text, changes }
    }),
    findings: origins.told(withoutElsewhere(findings, pathsOf(deployed))),
  }
}

/**
 * The documents of a file in one text, which is taken apart again: each has been read with its edits, and must be the
 * same document in its place.
 */
function wholeText(file: string, documents: readonly string[]): string {
  const text = documents.join('')
  const again = Array.from(
    readEveryDocument(text, file, 1, () => false),
    ({ source }) => source,
  )
  // JSON documents behind one another are taken apart only where the text begins with one.
  const pieces = (parts: readonly string[]): string[] => parts.flatMap((part) => (part === '' ? [] : [part]))
  if (isSameCut(pieces(again), pieces(documents))) return text
  throw new ExpectedError('PATCH_UNFAITHFUL', `${file}: its documents would run into one another once they are changed`)
}

function isSameCut(again: readonly string[], documents: readonly string[]): boolean {
  if (again.length === documents.length) return again.every((source, index) => source === documents[index])
  return isFinerCut(again, documents) || isFinerCut(documents, again)
}

/** Whether each of some texts is made of whole pieces of the others. */
function isFinerCut(pieces: readonly string[], texts: readonly string[]): boolean {
  let at = 0
  for (const text of texts) {
    let rest = text
    while (rest !== '') {
      const piece = pieces[at++]
      if (!piece || !rest.startsWith(piece)) return false
      rest = rest.slice(piece.length)
    }
  }
  return at === pieces.length
}

function patchedDocument(document: InputDocument, scan: DocumentScan, editsOf: (place: PodPlace) => PodEdits) {
  if (document.form === 'manifest') return patchDocument(document, scan, editsOf)
  const source = 'source' in document ? document.source : ''
  return { source, changes: 0, findings: leftOutOfPatch(document, scan) }
}

/** The charts that a manifest installs, whose workloads are not among the inputs. */
export function chartsElsewhere({ form }: InputDocument, { findings }: DocumentScan): Finding[] {
  return form === 'manifest' ? findings.filter(({ code }) => code === 'CHART_ELSEWHERE') : []
}

/** What is to be said of a document that holds no workloads; a list that nobody named is just not patched. */
export function leftOutOfPatch(document: InputDocument, scan: DocumentScan): readonly Finding[] {
  if (document.form !== 'list' && document.form !== 'text') return scan.findings
  return document.isFound ? [] : [withoutWorkloads(document)]
}

/** A list of images or a script among the inputs has no workload. */
function withoutWorkloads({ file, form }: { file: string; form: 'list' | 'text' }): Finding {
  const what = form === 'list' ? 'a list of images' : 'a script'
  const message = `${file}: ${what}, in which no workload can be patched`
  return finding('NOT_PATCHABLE', message, { hint: 'Name the manifests that use these images.', file, subject: file })
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
 * @throws {ExpectedError} USAGE for a link; INPUT_INVALID for one that is no UTF-8; DISK_FULL, DISK_ERROR
 */
export async function writePatched(files: readonly PatchedFile[]): Promise<void> {
  const changed = files.filter(({ changes }) => changes > 0)
  for (const { file, before } of changed) {
    await checkReplaceable(file)
    await checkBytes(file, before)
  }
  for (const { file, text, changes } of files) {
    if (changes > 0) await replaceFile({ file, content: text })
    else await tidyBeside(file)
  }
}

/** What was read must be all of the file: bytes that are no UTF-8, or UTF-16, would be others once they are written. */
async function checkBytes(file: string, before: string): Promise<void> {
  const bytes = await readFile(file)
  if (bytes.equals(Buffer.from(before))) return
  throw new ExpectedError('INPUT_INVALID', `${file}: is not UTF-8, or has changed in the meantime: left as it is`, {
    hint: 'Write it anew as UTF-8 (iconv -t UTF-8), then patch it again.',
  })
}
