import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import { renderYaml } from '../../src/kubernetes/documents/render.ts'
import { testWith, tool, toolEnvironment } from '../support/debian.ts'
import { fc, runs } from '../support/property.ts'

/** Breaks, indicators, what YAML 1.1 resolves, what is not printable, and halves of pairs. */
const FRAGMENTS = [
  ...['\n', '\t', ' ', '  ', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\ufeff', '\u00a0', '\u3000', '\u200b'],
  ...['\u0000', '\u0007', '\u001b', '\u007f', '\u0080', '\u009f', '\ud800', '\udc00', '\ufffe', '\uffff', '\u{1f600}'],
  ...['_', '.', '-', '+', ':', ',', '#', '|', '>', '%', '@', '`', '!', '&', '*', '?', '[', ']', '{', '}', '"', "'"],
  ...['\\', '~', '=', '<<', '---', '...', '%YAML', ': ', ' #', '- ', '? ', '!!str ', '0o', '0x', '0b'],
  ...['0', '1', '7', '9', 'a', 'b', 'e', 'E', 'x', 'n', 'y', 'T', 'Z', 'é', 'null', 'true', 'off', '2001-01-01'],
]

const WORDS =
  'yes|y|Y|on|off|NO|~|null|Null|0755|0o7|08|1_000|1:30|190:20:30|.inf|-.INF|.nan|=|<<|2001-12-14t21:59:43.10-05:00|2001-12-14 21:59:43.10 -5|0b1|0x1F|1e3|.5|5.|+1|12e03|--- a|---|...|%YAML 1.2|@a|!t|&a|*a|? a|- a|-|?|:|a: b|a:|a #b|#a|||>|{a}|[a|a]'

/** Whose first line that is not empty begins with white space. */
const BLOCKS = ['\n\t? ', '\n\ta', '\n a', '\n  \n b', '\t\na', ' a\nb', '\n\n\tx\n', 'a\n\tb']

const text = fc.oneof(
  fc.constantFrom(...WORDS.split('|'), ...BLOCKS, ' '.repeat(200), 'a'.repeat(2000)),
  fc.array(fc.constantFrom(...FRAGMENTS), { minLength: 1, maxLength: 7 }).map((parts) => parts.join('')),
)

// go-yaml is what kubectl and the API server read with. --local asks no cluster.
testWith(['kubectl'])('what is written is what kubectl reads, as value, as key and as comment', () => {
  const texts = fc.array(text, { minLength: 40, maxLength: 40 })
  fc.assert(
    fc.property(texts, (all) => {
      const data = Object.fromEntries(all.map((value, index) => [`k${index}`, value]))
      const keys = Object.fromEntries(all.map((key) => [key, 'here']))
      const metadata = { name: 'all', annotations: keys }
      const read = readByKubectl(renderYaml(all.join(' '), [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }]))
      expect(read.data).toEqual(wellFormed(data))
      expect(read.metadata.annotations).toEqual(wellFormed({ ...keys, 'read-by': 'kubectl' }))
    }),
    { numRuns: runs(15) },
  )
})

testWith(['kubectl'])('so are blocks that begin with white space', () => {
  const data = Object.fromEntries(BLOCKS.map((value, index) => [`k${index}`, value]))
  const read = readByKubectl(renderYaml('', [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'all' }, data }]))
  expect(read.data).toEqual(data)
})

function readByKubectl(yaml: string): { data: object; metadata: { annotations: object } } {
  const args = ['annotate', '--local', '-f', '-', 'read-by=kubectl', '-o', 'json']
  return JSON.parse(
    execFileSync(tool('kubectl'), args, { input: yaml, encoding: 'utf8', env: toolEnvironment(), stdio: 'pipe' }),
  )
}

/** JSON knows no half of a pair either. */
function wellFormed(object: Record<string, string>): object {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]))
}
