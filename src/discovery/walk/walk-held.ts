import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { decodeBase64, type EncodedText } from '../encoded/encoded-text.ts'
import type { Place, Walk } from './walk-state.ts'

/** Names of values that are credentials: a short one is never told, whatever it looks like. */
const CREDENTIAL = /passw|passphrase|token|secret|credential|api[_-]?key|private/i

/** Whether the values below a key of a map are those of a Secret, or base64 in a ConfigMap. */
export function isHeld({ kind }: Readonly<Record<string, unknown>>, key: string): boolean {
  return key === 'binaryData' ? kind === 'ConfigMap' : (key === 'data' || key === 'stringData') && kind === 'Secret'
}

/** Reads such values, decoded where that is text. */
export function visitHeld(walk: Walk, key: string, values: unknown, place: Place, visit: Visit): void {
  if (!isObject(values)) return
  const isEncoded = key !== 'stringData'
  const holder = walk.maps.at(-1) ?? {}
  const isRelease = holder.type === 'helm.sh/release.v1'
  const texts = Object.entries(values).flatMap(([name, value]) => {
    const { text, why }: { text?: unknown; why?: string } =
      typeof value === 'string' && isEncoded ? decodeBase64(value) : { text: value }
    if (why !== undefined) addUnread(walk, why, [key, name])
    const isTold = typeof text === 'string' && (/\n|^\s*[[{]/.test(text) || !CREDENTIAL.test(name))
    return isTold ? [[name, isRelease ? manifestsOfRelease(text) : text] as const] : []
  })
  const first = walk.found.length
  const read = () => visit(walk, key, Object.fromEntries(texts), key, place)
  if (isEncoded) visitDecoded(walk, read)
  else read()
  if (!isRelease || isDeployed(holder)) return
  for (let index = first; index < walk.found.length; index++) {
    const candidate = walk.found[index]
    if (candidate) walk.found[index] = { ...candidate, confidence: 'possible' }
  }
}

/** Notes a value that may name images and cannot be read, at a path below the present place. */
export function addUnread(walk: Walk, why: string, below: Path): void {
  const path = [...walk.path, ...below]
  walk.elsewhere.push({ code: 'VALUE_NOT_READ', what: `${below.join('.') || path.join('.')} ${why}`, path })
}

/** Reads a value that may be encoded, and notes where it cannot be read; whether there was a text. */
export function visitEncoded(
  walk: Walk,
  { text, why }: EncodedText,
  below: Path,
  read: (text: string) => void,
): boolean {
  if (why !== undefined) addUnread(walk, why, below)
  if (text !== undefined) visitDecoded(walk, () => read(text))
  return text !== undefined
}

/** What is found in a text that was decoded stands on no line of the file, so its key's is told. */
export function visitDecoded(walk: Walk, read: () => void): void {
  const lists: { textLine?: number | undefined }[][] = [walk.found, walk.open, walk.unresolved, walk.elsewhere]
  const starts = lists.map(({ length }) => length)
  read()
  lists.forEach((list, at) => {
    for (let index = starts[at] ?? 0; index < list.length; index++)
      list[index] = { ...list[index], textLine: undefined }
  })
}

type Visit = (walk: Walk, key: string, value: unknown, name: string, place: Place) => void

/** What a release of helm has put into the cluster; its chart and values name more than that. */
function manifestsOfRelease(text: string): string {
  try {
    const { manifest, hooks } = JSON.parse(text) as { manifest?: unknown; hooks?: unknown }
    const more = Array.isArray(hooks) ? hooks.map((hook) => (isObject(hook) ? hook.manifest : undefined)) : []
    return [manifest, ...more].filter((one) => typeof one === 'string').join('\n---\n')
  } catch {
    return text
  }
}

/** Earlier revisions of a release are kept to go back to. */
function isDeployed({ metadata }: Readonly<Record<string, unknown>>): boolean {
  const labels = isObject(metadata) && isObject(metadata.labels) ? metadata.labels : {}
  return labels.status === undefined || labels.status === 'deployed'
}
