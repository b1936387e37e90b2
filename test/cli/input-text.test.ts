import { expect, test } from 'vitest'
import { encodeHeader } from '../../src/bundle/format/tar-header.ts'
import { cutAtDocuments, decodeText } from '../../src/cli/texts/input-text.ts'
import { readDocuments } from '../../src/kubernetes/documents/document.ts'
import { fc } from '../support/property.ts'

async function documentsOf(chunks: Buffer[]) {
  const parts = await Array.fromAsync(cutAtDocuments(chunksOf(chunks), 'f.yaml'))
  return parts.flatMap(({ text, line }) =>
    Array.from(readDocuments(text, 'f.yaml', line), (document) => [
      document.line,
      'value' in document ? document.value : document.problem,
    ]),
  )
}

async function* chunksOf(chunks: Buffer[]) {
  yield* chunks
}

const document = fc.constantFrom(
  'a: 1\n',
  'b: ü\n',
  'c: |\n  ---\n  x\n',
  '# only\n',
  'broken: [\n',
  'd: "----"\n',
  '\r\n',
  '',
)

test('however the bytes arrive, the documents and their lines are the same', async () => {
  const cuts = fc.array(fc.nat(200), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(fc.array(document, { maxLength: 8 }), cuts, async (documents, offsets) => {
      const bytes = Buffer.from(documents.join('---\n'))
      const ends = [...offsets.filter((at) => at < bytes.length), bytes.length].sort((a, b) => a - b)
      const chunks = ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
      expect(await documentsOf(chunks)).toEqual(await documentsOf([bytes]))
    }),
  )
})

test.for<[encoding: string, bytes: Buffer]>([
  ['UTF-8', Buffer.from('a: ü')],
  ['UTF-8 with a mark', Buffer.from('\ufeffa: ü')],
  ['UTF-16, little end first', Buffer.from('\ufeffa: ü', 'utf16le')],
  ['UTF-16, big end first', Buffer.from('\ufeffa: ü', 'utf16le').swap16()],
])('%s is text', async ([, bytes]) => {
  expect(await documentsOf([bytes])).toEqual([[1, { a: 'ü' }]])
})

test.for<[what: string, bytes: Buffer, hint: string]>([
  ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]), 'Fix the file or its permissions'],
  ['compressed (gzip)', Buffer.from([0x1f, 0x8b, 0, 0, 0]), 'nodeseed inspect f;'],
  ['a tar archive', Buffer.from(encodeHeader('oci-layout', 30)), 'audit with --bundle f.'],
])('bytes that are no text are refused: %s', async ([what, bytes, hint]) => {
  const refusal = expect.objectContaining({
    code: 'INPUT_UNREADABLE',
    message: `f: is ${what}, not YAML or JSON`,
    advice: expect.stringContaining(hint),
  })
  expect(() => decodeText(bytes, 'f')).toThrow(refusal)
  await expect(Array.fromAsync(cutAtDocuments(chunksOf([bytes]), 'f'))).rejects.toThrow(refusal)
})
