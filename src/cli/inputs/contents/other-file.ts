import type { FileHandle } from 'node:fs/promises'
import { extname } from 'node:path'
import { likelihoodOf } from '../../../discovery/classify/reference-likelihood.ts'
import { listLikeness } from '../../../discovery/listed/list-likeness.ts'
import { isShellScript } from '../../../discovery/loose/plain-text.ts'
import { decodeText, isText } from '../../texts/input-text.ts'
import { openRegularFile } from '../../texts/regular-file.ts'
import { ARCHIVE_FILE, isManifestText, MAX_SAMPLE, whyArchive } from './holds-manifests.ts'
import { PACKED_FILE, packedAs } from './packed-chart.ts'

/** What a file is whose name does not say that it holds manifests. */
export type OtherFile = 'chart' | 'list' | 'script' | 'nothing' | { readonly why: string }

/** Scripts, and what tools make manifests of: Ansible, Helmfile, Terraform, Jsonnet, CUE and others. */
const SCRIPT_FILE =
  /\.(?:sh|bash|ksh|j2|jinja2?|tmpl|tpl|gotmpl|erb|ejs|template|tf|tfvars|hcl|nomad|jsonnet|libsonnet|cue|pkl|env|ya?ml\.in)$|^\.env\b/i
const LIST_FILE = /\.(?:txt|list|lst|csv|tsv|jsonl|ndjson|json5|images?)$/i
/** What has images in its name is more often pictures, programs or pages than a list. */
const NO_LIST =
  /\.(?:png|svg|jpe?g|gif|ico|webp|md|html?|css|[cm]?[jt]sx?|py|go|rs|java|rb|c|h|iso|img|qcow2|raw|tar|zip|gz|xz|zst)$/i

/** `Dockerfile`, `Makefile`, `Jenkinsfile` */
const PROGRAM_FILE = /file$/i

/** Programs, pages, pictures and what builds them: they mention manifests and images, and are none. */
const NO_INPUT =
  /\.(?:png|svg|jpe?g|gif|ico|webp|pdf|woff2?|ttf|mp4|md|mdx|adoc|rst|html?|s?css|[cm]?[jt]sx?|vue|py|pyi|ipynb|go|rs|java|kt|kts|scala|groovy|gradle|rb|php|pl|lua|cs|fs|c|h|cc|cpp|hpp|swift|ps1|psm1|bat|cmd|fish|zsh|mk|proto|sql|snap|mod|sum|iso|img|qcow2|raw|so|exe|bin|jar|whl|pyc|map|nodeseed|[1-9]\.gz)$/i

/** Whether a file may hold manifests or a list of images although its name does not say so. */
export function mayBeInput(name: string): boolean {
  return !NO_INPUT.test(name) && !(extname(name) === '' && PROGRAM_FILE.test(name))
}

function mayBeList(name: string): boolean {
  return extname(name) === '' || LIST_FILE.test(name) || isCalledImages(name)
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
  const sample = await sampleOf(path, name)
  if (typeof sample === 'object') return sample
  if (sample === undefined) return 'nothing'
  if (sample.startsWith('#!')) return isShellScript(name, sample) ? 'script' : 'nothing'
  if (isManifestText(sample)) return { why: 'holds manifests, and its name does not end in .yaml, .yml or .json' }
  const likeness = mayBeList(name) ? listLikeness(sample, name) : 'none'
  if (likeness === 'unsure') return { why: 'names images, and may be a list of them with something else in it' }
  if (likeness === 'list') return 'list'
  // Settings of runtimes, units of systemd, and whatever else names images: read as scripts are.
  return namesImages(sample) ? 'script' : 'nothing'
}

/** Whether something in a text can only be an image: a registry, a path and a version. */
function namesImages(sample: string): boolean {
  for (const [word] of sample.matchAll(MAY_BE_IMAGE)) if (likelihoodOf(word) === 'strong') return true
  return false
}
const MAY_BE_IMAGE = /(?<![\w./:@-])[\w-][\w.-]{0,252}\/[\w./-]{1,252}[:@][\w:.-]{1,136}/g

/** What tells its kind: why it is not read, or its beginning; undefined for what is no text. */
async function sampleOf(path: string, name: string): Promise<string | { readonly why: string } | undefined> {
  const handle = await openRegularFile(path)
  try {
    if (!ARCHIVE_FILE.test(name)) return await beginningOf(handle, path)
    const why = await whyArchive(handle, name)
    return why === undefined ? undefined : { why }
  } finally {
    await handle.close()
  }
}

/** The first whole lines of a text; undefined for what is none. */
async function beginningOf(handle: FileHandle, path: string): Promise<string | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_SAMPLE), 0, MAX_SAMPLE, 0)
  const bytes = buffer.subarray(0, bytesRead)
  if (!isText(bytes)) return undefined
  const text = decodeText(bytes, path)
  return bytesRead < MAX_SAMPLE ? text : text.slice(0, text.lastIndexOf('\n') + 1) || text
}
