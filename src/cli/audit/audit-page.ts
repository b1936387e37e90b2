import { readAsset } from '../asset.ts'

/** The parts of the audit's page; they lie beside the code that fills them. */
export async function readPageParts(): Promise<{ html: string; css: string; js: string }> {
  const read = async (...names: string[]) => {
    const parts = await Promise.all(names.map((name) => readAsset(`audit/report/page/${name}`)))
    return parts.join('\n')
  }
  const [html, css, js] = await Promise.all([
    read('page.html'),
    read('matrix.css', 'page.css', 'about.css', 'sizes.css'),
    // The last one starts what the others are for.
    read('tables.js', 'page.js'),
  ])
  return { html, css, js }
}
