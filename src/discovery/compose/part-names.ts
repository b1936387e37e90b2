import { readKey, wordsOf } from '../classify/key.ts'
import type { Entry } from './compose-reference.ts'
import { HOST } from './path-parts.ts'

interface PartNames {
  /** What the part is called in the words of a reference. */
  readonly as: 'registry' | 'project' | 'repository' | 'name' | 'tag'
  /** Roles of which there is none beside it. */
  readonly without: readonly string[]
  /** What else it is called, by its words without those that only say that it is an image's; the first that is there. */
  readonly names: readonly string[]
  readonly text: RegExp
}

const ADDRESS = /^(?:https?:\/\/)?(?:[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?|[\w-]+:\d{1,5}|localhost)(?:\/[\w./-]*)?$/
const PATH = /^[\w-]+(?:[.:/][\w-]+)+\/?$/
const COMPONENTS = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*\/?$/
const TAG = /^(?:sha256:[0-9a-f]{64}|\w[\w.+-]{0,127})$/
const NUMBERED = /^(?=\D{0,127}\d)\w[\w.+-]{0,127}$/

/** Families of keys that stand beside one another below a key for an image, and mean what is called otherwise elsewhere. */
const FAMILIES: readonly PartNames[] = [
  { as: 'registry', without: ['registry'], names: ['repository', 'repo'], text: HOST },
  {
    ...{ as: 'registry', without: ['registry'], text: ADDRESS },
    names: ['registry name', 'host', 'hostname', 'server', 'domain', 'address', 'endpoint', 'base url', 'prefix'],
  },
  { as: 'project', without: [], names: ['prefix'], text: /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*\/$/ },
  {
    ...{ as: 'project', without: [], text: COMPONENTS },
    names: ['org', 'organization', 'organisation', 'project', 'namespace', 'owner', 'group', 'account'].flatMap(
      (word) => ['', 'registry ', 'repository ', 'repo '].map((before) => `${before}${word}`),
    ),
  },
  { as: 'repository', without: ['repository', 'image'], names: ['path'], text: PATH },
  {
    ...{ as: 'repository', without: ['repository', 'image', 'name'], text: COMPONENTS },
    names: ['path', 'repository name', 'repo name', 'repository path', 'repo path'],
  },
  { as: 'name', without: [], names: ['new name'], text: /^\S+$/ },
  { as: 'tag', without: [], names: ['new tag'], text: TAG },
  {
    as: 'tag',
    without: ['tag', 'version'],
    names: ['tag name', 'image tag name', 'release', 'ref', 'revision'],
    text: NUMBERED,
  },
]
/** Words before a part that only say whose it is. */
const SORTS: ReadonlySet<string> = new Set(['image', 'images', 'container', 'docker', 'oci'])
const ALL_NAMES: ReadonlySet<string> = new Set(FAMILIES.flatMap(({ names }) => names))

/** The entries that describe one image, each called as the part of a reference is that it means. */
export function inWordsOfReference(entries: readonly Entry[]): readonly Entry[] {
  const called = entries.map(({ name }) => ownWords(name))
  if (!called.some((words) => ALL_NAMES.has(words))) return entries
  let all = entries
  const said = new Set<string>()
  for (const { as, without, names, text } of FAMILIES) {
    if (said.has(as) || all.some((one) => without.some((role) => isPlainPart(one, role)))) continue
    const isOne = (words: string, index: number, name: string) => words === name && text.test(all[index]?.text ?? '')
    const at = names.map((name) => called.findIndex((words, index) => isOne(words, index, name)))
    const entry = all[at.find((index) => index >= 0) ?? -1]
    if (!entry || entry.called !== undefined) continue
    said.add(as)
    all = all.map((one) => {
      if (one === entry) return { ...one, name: as, called: one.name }
      // What is renamed takes the place of what was called so.
      return one.name === as ? { ...one, text: '' } : one
    })
  }
  return all
}

/** Whether an entry is a part of one reference without a name of its own. */
export function isPlainPart({ name, text }: Entry, role: string): boolean {
  const key = readKey(name)
  return key.role === role && key.stem === '' && text !== ''
}

function ownWords(name: string): string {
  const words = wordsOf(name)
  return words.slice(words.findIndex((word) => !SORTS.has(word))).join(' ')
}
