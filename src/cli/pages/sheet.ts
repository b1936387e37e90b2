import { readAsset } from '../asset.ts'

/** What all pages look like, and behind it the sheets of one page, by their names as assets. */
export async function readSheet(...own: string[]): Promise<string> {
  const sheets = await Promise.all(['cli/pages/style/page.css', ...own].map(readAsset))
  return sheets.join('\n')
}
