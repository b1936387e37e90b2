import { existsSync } from 'node:fs'
import { ExpectedError } from '../../errors.ts'
import { openContent } from '../../layout/open-content.ts'
import type { Content } from '../../oci/content/content.ts'
import { LayeredContent } from '../../oci/content/layered-content.ts'
import { topmost } from '../../oci/content/topmost.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { criForm, formatReference, parseReference, type Reference } from '../../oci/reference.ts'
import { say } from '../output/streams.ts'
import { LOCAL_STORES, type LocalStore, storedName } from './local-store.ts'
import { listStore, saveFromStore } from './save-from-store.ts'

/**
 * Opens places where images may be: files, directories, and stores of this machine, of which what is named is saved, or
 * where nothing is, what is wanted. Says what their kinds cannot promise. They hold files: close them.
 *
 * @throws {ExpectedError} what opening one throws; USAGE for a whole store where nothing is wanted
 */
export async function openPlaces(
  places: readonly string[],
  wanted: readonly Reference[],
  { isQuiet = false }: { isQuiet?: boolean } = {},
): Promise<Content[]> {
  const opened: Content[] = []
  try {
    for (const place of places) {
      const content = await openPlace(place, wanted)
      if (!content) continue
      opened.push(content)
      for (const caveat of isQuiet ? [] : (content.caveats ?? [])) say(`${content.path}: ${caveat}`)
    }
    return opened
  } catch (error) {
    for (const content of opened) await content.close()
    throw error
  }
}

/** Whether a place is a store of this machine, or one image of it. */
export function isOfStore(place: string): boolean {
  return LOCAL_STORES.some(({ scheme }) => place.startsWith(`${scheme}:`)) && !existsSync(place)
}

/** Whether a place is a store of this machine as a whole: what to take of it, the inputs say. */
export function isWholeStore(place: string): boolean {
  return LOCAL_STORES.some(({ scheme }) => place === `${scheme}:`)
}

async function openPlace(place: string, wanted: readonly Reference[]): Promise<Content | undefined> {
  // A file whose own name has such a sign is that file.
  const [, given, path = ''] = existsSync(place) ? [] : (/^([^=]+)=(.+)$/.exec(place) ?? [])
  if (given !== undefined) return renamed(await openContent(path), given)
  const store = LOCAL_STORES.find(({ scheme }) => place.startsWith(`${scheme}:`))
  if (!store) return openContent(place)
  const name = place.slice(store.scheme.length + 1)
  if (name) parseReference(name)
  const texts = name ? [name] : wanted.filter(({ digest }) => digest === undefined).map(formatReference)
  if (texts.length === 0) throw nothingWanted(place)
  return openStore(store, place, texts, { mustBeThere: name !== '' })
}

/** Images of a store under the names that they have there, and those that people gave. */
async function openStore(
  store: LocalStore,
  place: string,
  texts: readonly string[],
  { mustBeThere }: { mustBeThere: boolean },
): Promise<Content | undefined> {
  const { client, names } = await listStore(store)
  const stored = new Map(
    texts.flatMap((text) => {
      const name = storedName(names, text)
      return name === undefined ? [] : [[text, name] as const]
    }),
  )
  if (stored.size === 0 && mustBeThere) {
    throw new ExpectedError('INPUT_NOT_FOUND', `${place}: ${client.program} has no such image`, {
      hint: `See what it has with: ${[client.program, ...client.list].join(' ')}`,
    })
  }
  if (stored.size === 0) return undefined
  const content = await saveFromStore(store, client, [...new Set(stored.values())], place)
  const aliases = [...stored].flatMap(([text, name]): [string, Descriptor][] => {
    const image = content.names.get(criForm(parseReference(name)))
    return image ? [[criForm(parseReference(text)), image]] : []
  })
  return Object.assign(new LayeredContent([content]), { names: new Map([...content.names, ...aliases]) })
}

/** A place with one image, under the name that people give it: its own is none, or none that pods ask for. */
async function renamed(content: Content, given: string): Promise<Content> {
  try {
    const name = criForm(parseReference(given))
    const images = [...content.names.values(), ...(content.unnamed ?? []).flatMap(({ image }) => image ?? [])]
    const [image, ...others] = await topmost(content, images)
    if (image && others.length === 0) {
      return Object.assign(new LayeredContent([content]), { names: new Map([[name, image]]), unnamed: [] })
    }
    const count = image ? others.length + 1 : 0
    throw new ExpectedError('INPUT_INVALID', `${content.path}: holds ${count} images, and ${given} names one`, {
      hint: 'Name a place with one image, or take them under the names that they have: --from PATH',
    })
  } catch (error) {
    await content.close()
    throw error
  }
}

function nothingWanted(place: string): ExpectedError {
  return new ExpectedError('USAGE', `${place} names no image, and neither does anything else`, {
    hint: `Name one, as in --from ${place}app:local, or give manifests or --image.`,
  })
}
