import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const page = await readFile('docs/registries.md', 'utf8')
const rows = [...page.matchAll(/\| `([\w./-]+\.test\.ts)`: (.+?)\s*\|$/gm)].map(([, file = '', title = '']) => ({
  file,
  title,
}))

test('the page on registries has rows', () => {
  expect(rows.length).toBeGreaterThan(20)
})

test.for(rows)('docs/registries.md names a test that is there: $file, $title', async ({ file, title }) => {
  expect(await readFile(join('test/registry', file), 'utf8')).toContain(title)
})
