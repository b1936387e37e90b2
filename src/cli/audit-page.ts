import { readFile } from 'node:fs/promises'

/** The parts of the audit's page; they lie beside the code that fills them. */
export async function readPageParts(): Promise<{ html: string; css: string; js: string }> {
  const read = (name: string) => readFile(new URL(`../audit/page/${name}`, import.meta.url), 'utf8')
  const [html, css, js] = await Promise.all([read('page.html'), read('page.css'), read('page.js')])
  return { html, css, js }
}
