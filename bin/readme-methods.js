// Writes README's table of methods anew, from what the methods say of themselves; part of `npm run reference`.
import { readFileSync, writeFileSync } from 'node:fs'
import { methodTable } from '../src/seed/methods/method-table.ts'

const file = new URL('../README.md', import.meta.url)
const readme = readFileSync(file, 'utf8')
writeFileSync(
  file,
  readme.replace(/(?<=<!-- methods -->\n)[\s\S]*?(?=<!-- \/methods -->)/, () => methodTable()),
)
