import { readEmbedded } from '../texts/embedded.ts'
import { unfilledDocuments } from '../texts/template-documents.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'
import { toldInside } from '../walk/candidates.ts'
import { findCandidates } from '../walk/walk.ts'
import type { Found } from '../walk/walk-state.ts'
import { PROGRAM } from '../walk/walk-text.ts'
import { chartsOf } from './loose-documents.ts'

/** A script, or a template of manifests: a text that is no YAML or JSON and may name images. */
export interface PlainText {
  readonly form: 'text'
  readonly file: string
  /** Where it begins in its file, from 1. */
  readonly line: number
  readonly text: string
  /** Nobody named it: it lies in a directory. Whether it is ever run is not known. */
  readonly isFound?: boolean
}

/** How scripts of the shell are called, and how they begin. */
export function isShellScript(file: string, text: string): boolean {
  return /\.(?:sh|bash|ksh)$/i.test(file) || /^#!.*\b(?:sh|bash|dash|ksh|ash)\b/.test(text)
}

/** What such a text names, read as the text of a ConfigMap is; of one that was only found it is possible. */
export function plainTextCandidates(
  { file, text, isFound }: PlainText,
  vars: ReadonlyMap<string, string> | undefined,
): Pick<Found, 'candidates' | 'unresolved' | 'elsewhere'> {
  const { candidates, unresolved, elsewhere } = findCandidates(
    { [isShellScript(file, text) ? 'script' : PROGRAM]: `${withoutHashes(file, text)}\n` },
    { apiVersion: '', layer: 'config', isLoose: true, vars, readInside: (inside) => toldInside(inside, vars) },
  )
  const charts = chartsInTemplate(file, text)
  const told = candidates.map(
    (one): ImageCandidate => ({ ...one, why: one.why.replace(/^key (?:script|program), /, '') }),
  )
  const others = { unresolved, elsewhere: [...elsewhere, ...charts] }
  // Whether a script that nobody named is ever run is not known.
  if (isFound) return { candidates: told.map((one) => ({ ...one, confidence: 'possible' })), ...others }
  return { candidates: told, ...others }
}

/** The charts that the template of a file of Helmfile or Fleet installs: `helmfile.yaml.gotmpl`. */
function chartsInTemplate(file: string, text: string): Found['elsewhere'] {
  if (!/\.ya?ml\.\w+$/i.test(file) || !/^(?:releases|helm|targetCustomizations):/m.test(text)) return []
  return unfilledDocuments(text).flatMap((document) =>
    readEmbedded(document.text).flatMap(({ value, lineOf }) =>
      chartsOf(value, file.replace(/\.\w+$/, '')).map(({ code, what, path }) => ({
        ...{ code, what: document.unmask(what), path: [] },
        textLine: document.line + lineOf(path),
      })),
    ),
  )
}

/** In CUE `#Image: …` is a definition, and no comment. */
function withoutHashes(file: string, text: string): string {
  return /\.cue$/i.test(file) ? text.replace(/^([ \t]{0,99})#(?=\w+[?!]?:)/gm, '$1') : text
}

/** A key or variable that is about images: `image:`, `"repository": `, `variable "image" {`, `IMAGE_TAG=`. */
const IMAGE_KEY = /(?:^|[\s{,(])["']?[\w.-]{0,99}(?:image|repository)[\w.-]{0,99}["']?[ \t]{0,9}[:={]/i

/** Whether a text is about images, though none in it could be read. */
export function mentionsImages(text: string): boolean {
  return IMAGE_KEY.test(text)
}
