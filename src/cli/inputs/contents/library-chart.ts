import { join } from 'node:path'
import { readText } from '../../texts/read-text.ts'

/** Nothing is ever installed from a library: its templates are for other charts to call. */
export async function isLibraryChart(path: string): Promise<boolean> {
  return isLibrary(await readText(join(path, 'Chart.yaml')).catch(() => ''))
}

/** The same, of the text of a Chart.yaml. */
export function isLibrary(chart: string): boolean {
  return /^type:\s{0,99}["']?library\b/m.test(chart)
}
