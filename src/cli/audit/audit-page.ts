import { readAsset } from '../asset.ts'

/** The parts of the audit's page; they lie beside the code that fills them. */
export async function readPageParts(): Promise<{ html: string; css: string; js: string }> {
  const read = (name: string) => readAsset(`audit/report/page/${name}`)
  const [html, css, js] = await Promise.all([read('page.html'), read('page.css'), read('page.js')])
  return { html, css, js }
}
