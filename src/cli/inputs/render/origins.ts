import { realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Origin } from '../../../discovery/input-document.ts'
import type { AnyDocument } from '../../../kubernetes/documents/document.ts'
import { readDocuments } from '../../../kubernetes/documents/document.ts'
import { lineOfResource, resourcesOf } from '../../../kubernetes/objects/resource.ts'
import { readText } from '../../texts/read-text.ts'
import { kustomizationTree } from './kustomization-tree.ts'

/** Finds the file that a rendered document was made of; undefined where that cannot be told. */
export type FindOrigin = (document: AnyDocument) => Promise<Origin | undefined>

const SOURCE = /^(?:---[^\n]*\n)?# Source: [^/\n]+\/([^\n]+)$/m

/**
 * Of a chart: helm names the template above each document. `fileOf` says where a template lies, `read` gives its text.
 */
export function chartOrigins(
  fileOf: (template: string) => string,
  read: (file: string) => Promise<string> = readText,
): FindOrigin {
  const texts = new Map<string, Promise<string>>()
  return async ({ source }) => {
    const template = SOURCE.exec(source.slice(0, MAX_HEAD))?.[1]?.trim()
    if (template === undefined || template.split('/').includes('..')) return undefined
    const file = fileOf(template)
    // Of a packed chart only the name is known.
    const text = texts.get(file) ?? read(file).catch(() => '')
    texts.set(file, text)
    return originIn(file, await text, 1)
  }
}

/** The comment stands at the very beginning. */
const MAX_HEAD = 4096

/** Of a kustomization: the one file that it takes in with a resource of that kind and name, as far as names are kept. */
export function kustomizationOrigins(root: string, parts: readonly { readonly path: string }[] = []): FindOrigin {
  let known: Promise<readonly NamedResource[]> | undefined
  return async (document) => {
    if (document.form !== 'manifest') return undefined
    const [resource] = resourcesOf(document)
    if (!resource) return undefined
    known ??= resourcesBelow(root, parts)
    const alike = (await known).filter(({ kind }) => kind === resource.kind)
    const same = alike.filter(({ name }) => name === resource.name)
    const candidates = same.length > 0 ? same : alike.filter(({ name }) => name !== '' && resource.name.includes(name))
    const files = new Set(candidates.map(({ file }) => file))
    const [found] = candidates
    return found && files.size === 1 ? originIn(found.file, found.text, found.line) : undefined
  }
}

interface NamedResource {
  readonly kind: string
  readonly name: string
  readonly file: string
  readonly line: number
  readonly text: string
}

async function resourcesBelow(root: string, parts: readonly { readonly path: string }[]): Promise<NamedResource[]> {
  const [real, tree] = [await realpath(root), await kustomizationTree(root)]
  // One that is only made when it is applied has no files of its own.
  const ofParts = tree.files.size > 0 ? [] : parts.map(({ path }) => realpath(path).catch(() => path))
  const files = [...tree.files, ...(await Promise.all(ofParts))]
  const found: NamedResource[] = []
  for (const path of files) {
    const file = join(root, relative(real, path))
    const text = await readText(path).catch(() => '')
    for (const document of readDocuments(text, file)) {
      if (document.form !== 'manifest') continue
      for (const resource of resourcesOf(document)) {
        found.push({ kind: resource.kind, name: resource.name, file, line: lineOfResource(resource), text })
      }
    }
  }
  return found
}

function originIn(file: string, text: string, otherwise: number): Origin {
  return {
    file,
    lineOf: (reference) => (reference === undefined ? undefined : lineOfText(text, reference)) ?? otherwise,
  }
}

/** Where a reference stands as it is; else the only line that is about an image. */
function lineOfText(text: string, reference: string): number | undefined {
  const lines = text.split('\n')
  const literal = lines.findIndex((line) => line.includes(reference))
  if (literal >= 0) return literal + 1
  const about = lines.flatMap((line, index) => (/\bimage["']?\s*:/.test(line) ? [index + 1] : []))
  return about.length === 1 ? about[0] : undefined
}
