import { scanDocument } from '../../src/discovery/scan.ts'
import { readDocuments } from '../../src/kubernetes/documents/document.ts'

/** What a scan makes of a text, all documents together. */
export function scanText(text: string, file = 'test.yaml') {
  const scans = Array.from(readDocuments(text, file), (document) => scanDocument(document))
  return { uses: scans.flatMap(({ uses }) => uses), findings: scans.flatMap(({ findings }) => findings) }
}
