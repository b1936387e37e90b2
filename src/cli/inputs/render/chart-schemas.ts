import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { ExpectedError } from '../../../errors.ts'
import { findJson } from '../../../kubernetes/documents/json.ts'
import { isObject } from '../../../kubernetes/objects/resource.ts'
import { readText } from '../../texts/read-text.ts'
import { kindOf } from '../../texts/regular-file.ts'
import type { RemoteAddress } from './kustomization.ts'

const SCHEMA_FILE = 'values.schema.json'
/** Meta-schemas that every validator brings along. */
const KNOWN_SCHEMA = /^https?:\/\/json-schema\.org\//
/** A schema inside a packed chart is not taken apart: an address in it is enough. */
const PACKED_REFERENCE = /"\$(?:ref|dynamicRef|schema|id)"\s{0,99}:\s{0,99}"(https?:[^"]{1,2048})"/g
const MAX_DEPTH = 400
const MAX_PACKED_BYTES = 256 * 1024 * 1024

/**
 * The addresses that checking a chart's values would ask for schemas.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE for a chart that holds what cannot be read to its end.
 */
export async function remoteSchemas(chart: string): Promise<RemoteAddress[]> {
  if (!(await stat(chart)).isDirectory()) return packedSchemas(chart)
  const found: RemoteAddress[] = []
  for (const entry of await readdir(chart, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const kind = entry.isSymbolicLink() ? undefined : kindOf(entry)
    if (kind !== undefined && kind !== 'a directory') {
      throw new ExpectedError('INPUT_UNREADABLE', `${path}: is ${kind}, not a file`, {
        hint: 'Take it out of the chart.',
      })
    }
    if (entry.name === SCHEMA_FILE) found.push(...addressesIn(await readText(path), path))
    else if (/\.tgz$/i.test(entry.name) && kind === undefined) found.push(...(await packedSchemas(path)))
  }
  return found
}

function addressesIn(text: string, file: string): RemoteAddress[] {
  const addresses = new Set<string>()
  const ids = new Set<string>()
  const visit = (value: unknown, base: string | undefined, depth: number): void => {
    if (depth > MAX_DEPTH)
      throw new ExpectedError('INPUT_UNREADABLE', `${file}: nested deeper than ${MAX_DEPTH} levels`)
    if (Array.isArray(value)) for (const entry of value) visit(entry, base, depth + 1)
    if (!isObject(value)) return
    const id = [value.$id, value.id].find((one) => typeof one === 'string' && /^https?:/.test(one)) as
      | string
      | undefined
    if (id !== undefined) ids.add(withoutFragment(id))
    for (const key of ['$ref', '$dynamicRef', '$schema']) {
      const address = typeof value[key] === 'string' ? addressOf(value[key], id ?? base) : undefined
      if (address !== undefined) addresses.add(address)
    }
    for (const child of Object.values(value)) visit(child, id ?? base, depth + 1)
  }
  visit(findJson(text), undefined, 0)
  return [...addresses].filter((address) => !ids.has(address)).map((address) => ({ address, file, line: 1 }))
}

function addressOf(reference: string, base: string | undefined): string | undefined {
  if (reference.startsWith('#')) return undefined
  const address = URL.parse(reference, base)
  if (!address || !/^https?:$/.test(address.protocol) || KNOWN_SCHEMA.test(address.href)) return undefined
  return withoutFragment(address.href)
}

function withoutFragment(address: string): string {
  return address.replace(/#.*$/, '')
}

async function packedSchemas(file: string): Promise<RemoteAddress[]> {
  const addresses = new Set<string>()
  const unpacked = createReadStream(file).pipe(createGunzip())
  let [held, bytes] = ['', 0]
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength
      if (bytes > MAX_PACKED_BYTES) throw new ExpectedError('INPUT_UNREADABLE', `${file}: unpacks to more than 256 MiB`)
      const text = held + chunk.toString('latin1')
      for (const [, address = ''] of text.matchAll(PACKED_REFERENCE)) {
        if (!KNOWN_SCHEMA.test(address)) addresses.add(withoutFragment(address))
      }
      held = text.slice(-4096)
    }
  } catch (error) {
    // What is no packed chart is for helm to refuse.
    if (error instanceof ExpectedError) throw error
  }
  return Array.from(addresses, (address) => ({ address, file, line: 1 }))
}
