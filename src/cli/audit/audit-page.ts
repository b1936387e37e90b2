import type { PageParts } from '../../audit/report/html.ts'
import { readAsset } from '../asset.ts'
import { readSheet } from '../pages/sheet.ts'

const PAGE = 'audit/report/page'

/** The parts of the audit's page; they lie beside the code that fills them. */
export async function readPageParts(): Promise<PageParts> {
  const [html, css, ...scripts] = await Promise.all([
    readAsset(`${PAGE}/page.html`),
    readSheet(...['matrix', 'page', 'causes', 'sizes'].map((name) => `${PAGE}/${name}.css`)),
    // The last one starts what the others are for.
    readAsset(`${PAGE}/tables.js`),
    readAsset(`${PAGE}/matrix.js`),
    readAsset(`${PAGE}/page.js`),
  ])
  return { html, css, js: scripts.join('\n') }
}
