import type { Document } from '../documents/document.ts'
import type { Path } from '../documents/path.ts'

/** One Kubernetes object of an input. Lists are taken apart; `path` leads from the document to the object. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>
  readonly document: Document
  readonly path: Path
}

/** Lists nest (a List of Lists is legal); far deeper than any tool writes. */
const MAX_LIST_DEPTH = 16

/**
 * The resources of a document: the object itself, or the items of a `List` or `<Kind>List`, nested ones too. An item of
 * a typed list that names no kind inherits it. What has no kind is no resource and is left out.
 */
export function resourcesOf(document: Document): Resource[] {
  return collect(document, document.value, [], {}, 0)
}

/** Where a resource stands, for people: `Deployment shop/web`. */
export function nameOfResource({ kind, namespace, name }: Pick<Resource, 'kind' | 'namespace' | 'name'>): string {
  return `${kind || '(no kind)'} ${namespace ? `${namespace}/` : ''}${name || '(no name)'}`
}

/** The line of its file at which a resource is named. */
export function lineOfResource({ document, path }: Pick<Resource, 'document' | 'path'>): number {
  return document.lineOf([...path, 'metadata', 'name'])
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The entries of a list that are texts; none where the value is no list. */
export function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : []
}

/** The entries of a list that are objects; none where the value, from a file that nobody has validated, is no list. */
export function objectsOf<T extends object>(list: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(list) ? list.filter((entry: unknown): entry is T => isObject(entry)) : []
}

interface ItemType {
  apiVersion?: string
  kind?: string
}

function collect(document: Document, value: unknown, path: Path, inherited: ItemType, depth: number): Resource[] {
  if (!isObject(value)) return []
  const apiVersion = text(value.apiVersion) ?? inherited.apiVersion ?? ''
  const kind = text(value.kind) ?? inherited.kind
  if (!kind) return []
  const { items } = value
  if (kind.endsWith('List') && Array.isArray(items) && depth < MAX_LIST_DEPTH) {
    const itemKind = kind.slice(0, -'List'.length)
    const passedOn: ItemType = itemKind ? { apiVersion, kind: itemKind } : {}
    return items.flatMap((item, index) => collect(document, item, [...path, 'items', index], passedOn, depth + 1))
  }
  const metadata = isObject(value.metadata) ? value.metadata : {}
  const name = text(metadata.name) ?? (text(metadata.generateName) ? `${metadata.generateName}*` : '')
  return [{ apiVersion, kind, namespace: text(metadata.namespace), name, value, document, path }]
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
