import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readDocuments } from '../../../src/kubernetes/documents/document.ts'
import { runTool, testWith } from '../../support/debian.ts'
import { patched } from '../../support/patched.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { CASES } from './yaml-styles.ts'

const LABEL = 'shop.nodeseed.dev/0123456789abcdef'
const OPTIONS = { nodeSelector: { [LABEL]: 'seeded' }, policy: 'Never' } as const
/** What is left as it is, and said so. */
const REFUSED: Readonly<Record<string, string>> = {
  'explicit keys': 'Pod p: nodeSelector left as it is: its form is not one that can be edited in place',
}
/** What kubectl itself does not read. */
const NOT_FOR_KUBECTL: ReadonlySet<string> = new Set(['flow style in braces'])

type Json = Record<string, unknown>

/** What a value should be afterwards, by the rule and not by the code: found again by what is written in it. */
function expected(value: unknown, isPlaced: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => expected(entry, isPlaced))
  if (typeof value !== 'object' || value === null) return value
  const known = Object.entries(value).map(([key, child]) => [key, expected(child, isPlaced)] as const)
  const result: Json = Object.fromEntries(known)
  const image = result.image as Json | string | undefined
  if (typeof image === 'string' && 'name' in result) result.imagePullPolicy = 'Never'
  if (typeof image === 'object' && 'reference' in image) result.image = { ...image, pullPolicy: 'Never' }
  if ('containers' in result && isPlaced) {
    const others = Object.entries((result.nodeSelector as Json | null) ?? {}).filter(
      ([key, text]) => !(/^shop\.nodeseed\.dev\/[0-9a-f]{16}$/.test(key) && text === 'seeded'),
    )
    result.nodeSelector = { ...Object.fromEntries(others), [LABEL]: 'seeded' }
  }
  return result
}

/** What a manifest of the table should say: its extra keys, which hold what is shared, stay as they are. */
function expectedDocument(value: unknown, isPlaced: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = Object.entries(value)
  return Object.fromEntries(
    known.map(([key, child]) => [key, key.startsWith('x-') ? child : expected(child, isPlaced)]),
  )
}

function valuesOf(text: string): unknown[] {
  return Array.from(readDocuments(text, 'a.yaml'), (document) => (document.form === 'manifest' ? document.value : null))
}

const VARIANTS: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'with Windows line ends': (text) => text.replaceAll(/\r?\n/g, '\r\n'),
  'without its last line end': (text) => text.replace(/\r?\n$/, ''),
  'behind another document': (text) =>
    `kind: ConfigMap\ndata: {a: |-\n  text\n}\n---\n${text.replace(/^\ufeff/, '')}`.replace(
      '{a: |-\n  text\n}',
      '{a: text}',
    ),
  'before another document': (text) => `${text.replace(/\n?$/, '\n')}---\nkind: ConfigMap\ndata: {a: text}\n`,
}

test.for(
  Object.entries(CASES).flatMap(([name, text]) =>
    Object.entries(VARIANTS).map(([how, variant]) => [name, how, variant(text)] as const),
  ),
)('%s, %s: the input with the edits and nothing else, once and again', ([name, , text]) => {
  const refusal = REFUSED[name]
  const { text: after, findings } = patched(text, OPTIONS)
  expect(findings.map(({ message }) => message)).toEqual(refusal === undefined ? [] : [refusal])
  expect(valuesOf(after)).toEqual(valuesOf(text).map((value) => expectedDocument(value, refusal === undefined)))
  expect(patched(after, OPTIONS)).toMatchObject({ text: after, changes: 0 })
  for (const comment of text.match(/(?<=\s)#.*$/gm) ?? []) expect(after).toContain(comment.trimEnd())
})

testWith(['kubectl'])('kubectl reads of each manifest what it read before, with the edits', async () => {
  const names = Object.keys(CASES).filter((name) => !NOT_FOR_KUBECTL.has(name) && !REFUSED[name])
  const directory = await temporaryDirectory()
  const read = async (side: string, textOf: (name: string) => string): Promise<unknown[]> => {
    await mkdir(join(directory, side))
    for (const [index, name] of names.entries())
      await writeFile(join(directory, side, `${String(index).padStart(3, '0')}.yaml`), textOf(name))
    const { stdout } = await runTool('kubectl', ['label', '--local', '-f', join(directory, side), '-o', 'json', 'a=b'])
    return stdout.split(/^(?=\{)/m).map((text) => JSON.parse(text))
  }
  const before = await read('before', (name) => CASES[name] ?? '')
  const after = await read('after', (name) => patched(CASES[name] ?? '', OPTIONS).text)
  expect(after).toEqual(before.map((value) => expectedDocument(value, true)))
})
