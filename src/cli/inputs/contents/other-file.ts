import { extname } from 'node:path'
import { listLikeness } from '../../../discovery/listed/list-likeness.ts'
import { decodeText, isText } from '../../texts/input-text.ts'
import { openRegularFile } from '../../texts/regular-file.ts'
import { PACKED_FILE, packedAs } from './packed-chart.ts'

/** What a file is whose name does not say that it holds manifests. */
export type OtherFile = 'chart' | 'list' | 'script' | 'nothing' | { readonly why: string }

/** Scripts, and what tools make manifests of: Ansible, Helmfile, Terraform, Jsonnet, CUE and others. */
const SCRIPT_FILE =
  /\.(?:sh|bash|ksh|j2|jinja2?|tmpl|tpl|gotmpl|erb|ejs|template|tf|tfvars|hcl|nomad|jsonnet|libsonnet|cue|pkl|env|ya?ml\.in)$|^\.env\b/i
const LIST_FILE = /\.(?:txt|list|lst|images?)$/i
/** What has images in its name is more often pictures, programs or pages than a list. */
const NO_LIST =
  /\.(?:png|svg|jpe?g|gif|ico|webp|md|html?|css|[cm]?[jt]sx?|py|go|rs|java|rb|c|h|iso|img|qcow2|raw|tar|zip|gz|xz|zst)$/i

/** `Dockerfile`, `Makefile`, `Jenkinsfile` */
const PROGRAM_FILE = /file$/i

/** As much of a text as its kind is told by. */
const MAX_SAMPLE = 64 * 1024

/** Whether the name of a file lets one expect a packed chart, or a list of images. */
export function mayBeInput(name: string): boolean {
  const hasNoEnding = extname(name) === '' && !PROGRAM_FILE.test(name)
  return PACKED_FILE.test(name) || SCRIPT_FILE.test(name) || LIST_FILE.test(name) || hasNoEnding || isCalledImages(name)
}

/** Whether its name alone says that it is one. */
export function isCalledInput(name: string): boolean {
  return PACKED_FILE.test(name) || isCalledImages(name)
}

function isCalledImages(name: string): boolean {
  return /imag/i.test(name) && !NO_LIST.test(name)
}

/** What such a file is, told by its content. Rejects with what the file system says of it. */
export async function otherFile(path: string, name: string): Promise<OtherFile> {
  if (PACKED_FILE.test(name)) return packedAs(path)
  if (SCRIPT_FILE.test(name)) return 'script'
  const sample = await beginningOf(path)
  const likeness = sample === undefined ? 'none' : listLikeness(sample, name)
  if (likeness === 'unsure') return { why: 'names images, and may be a list of them with something else in it' }
  return likeness === 'list' ? 'list' : 'nothing'
}

/** The first whole lines of a text; undefined for what is none. */
async function beginningOf(path: string): Promise<string | undefined> {
  const handle = await openRegularFile(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_SAMPLE), 0, MAX_SAMPLE, 0)
    const bytes = buffer.subarray(0, bytesRead)
    if (!isText(bytes)) return undefined
    const text = decodeText(bytes, path)
    return bytesRead < MAX_SAMPLE ? text : text.slice(0, text.lastIndexOf('\n') + 1)
  } finally {
    await handle.close()
  }
}
