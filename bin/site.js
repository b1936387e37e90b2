// Makes site/ of README.md, docs/ and the other pages of the repository: plain HTML that needs no script, for any web server
// or none. A link to a page, a heading or a picture that is not there ends it with 2: npm run site [-- --into DIR]
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Marked } from 'marked'
import { getHeadingList, gfmHeadingId } from 'marked-gfm-heading-id'
import { pageText } from './site/page-text.js'

const { from, into } = parseArgs({
  options: {
    from: { type: 'string', default: join(import.meta.dirname, '..') },
    into: { type: 'string', default: 'site' },
  },
}).values
const output = resolve(from, into)
const FIRST = ['README.md', 'docs/next-month.md', 'docs/which-node.md', 'docs/pull-policies.md']
const LAST = ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']

process.chdir(from)
const { homepage } = JSON.parse(readFileSync('package.json', 'utf8'))
const sources = [...new Set([...FIRST, ...globSync('docs/*.md').sort(), ...LAST])].filter((file) => existsSync(file))
const pictures = globSync('docs/*.png')
const pages = sources.map(renderPage)
const broken = pages.flatMap(brokenLinks)
if (broken.length > 0) {
  process.stderr.write(`${broken.join('\n')}\n`)
  process.exit(2)
}
rmSync(output, { recursive: true, force: true })
for (const file of pictures) cpSync(file, join(output, file))
for (const page of pages) {
  mkdirSync(join(output, dirname(page.file)), { recursive: true })
  writeFileSync(join(output, page.file), pageText(page, pages))
}
cpSync('src/cli/pages/style/page.css', join(output, 'page.css'))
cpSync('bin/site/site.css', join(output, 'site.css'))
process.stdout.write(`${join(output, 'index.html')}: ${pages.length} pages\n`)

function renderPage(source) {
  const marked = new Marked(gfmHeadingId())
  const links = []
  const walkTokens = (token) => {
    if (token.type !== 'link' && token.type !== 'image') return
    token.href = target(source, token.href)
    links.push(token.href)
  }
  const html = marked.use({ walkTokens }).parse(readFileSync(source, 'utf8'))
  const headings = getHeadingList()
  return { source, file: fileOf(source), html, links, title: headings[0]?.raw ?? source, headings }
}

function fileOf(source) {
  return source === 'README.md' ? 'index.html' : source.replace(/\.md$/, '.html')
}

/** Where a link of a page leads on the site: to a page, a picture, elsewhere, or to the file in the repository. */
function target(source, href) {
  if (/^[a-z]+:/i.test(href) || href.startsWith('#')) return href
  const [path, anchor] = href.split('#')
  const file = posix.join(posix.dirname(source), path)
  const isOurs = sources.includes(file) || /^docs\/.*\.png$/.test(file)
  if (!isOurs) return `${homepage.replace(/#.*/, '')}/blob/main/${file}`
  const relative = posix.relative(posix.dirname(fileOf(source)), fileOf(file))
  return anchor === undefined ? relative : `${relative}#${anchor}`
}

function brokenLinks({ source, file, links }) {
  return links
    .filter((href) => !/^[a-z]+:/i.test(href))
    .filter((href) => {
      const [path, anchor] = href.split('#')
      const name = path === '' ? file : posix.join(posix.dirname(file), path)
      const page = pages.find((one) => one.file === name)
      if (!page) return !pictures.includes(name)
      return anchor !== undefined && !page.headings.some(({ id }) => id === anchor)
    })
    .map((href) => `${source}: ${href} leads nowhere`)
}
