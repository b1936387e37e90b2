import type { BundlePage } from '../../bundle/page/bundle-page.ts'
import { bundleHtml } from '../../bundle/page/bundle-page.ts'
import { type DiffPage, diffHtml } from '../../bundle/page/diff-page.ts'
import { writeTextFile } from '../../disk/write-file.ts'
import { checkReports } from '../files/report-files.ts'
import { readSheet } from '../pages/sheet.ts'

const STYLE = 'bundle/page/style/page.css'

/**
 * Makes sure that a page can have its place before anything is read for it; nothing where no page is wanted.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS
 */
export async function checkPage(
  file: string | undefined,
  { inputs, force }: { inputs: readonly string[]; force: boolean },
): Promise<void> {
  if (file !== undefined) await checkReports([{ flag: 'html', file }], { inputs, force })
}

/** Writes what a bundle holds as a page. */
export async function writeBundlePage(file: string, page: BundlePage): Promise<void> {
  await writeTextFile(file, bundleHtml(page, await readSheet(STYLE)))
}

/** Writes what changed as a page. */
export async function writeDiffPage(file: string, page: DiffPage): Promise<void> {
  await writeTextFile(file, diffHtml(page, await readSheet(STYLE)))
}
