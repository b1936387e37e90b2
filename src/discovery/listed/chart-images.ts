import type { Finding } from '../../finding.ts'
import { readDocuments } from '../../kubernetes/documents/document.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import type { ImageUse } from '../uses/image-use.ts'
import { readListed } from './image-list.ts'

/** Annotations in which a chart lists its images, as YAML text: a list of `{name, image}`. */
const ANNOTATIONS = ['artifacthub.io/images', 'helm.sh/images', 'images'] as const

/** The text of a Chart.yaml; `file` is the chart. */
export interface ChartFile {
  readonly form: 'chart'
  readonly file: string
  readonly text: string
}

/** The images that the annotations of a chart list. */
export function readChartImages({ text, file }: ChartFile): { uses: ImageUse[]; findings: Finding[] } {
  const [chart] = readDocuments(text, file)
  if (chart?.form !== 'manifest' || !isObject(chart.value) || !isObject(chart.value.annotations)) {
    return { uses: [], findings: [] }
  }
  const { annotations, name } = chart.value
  const scans = ANNOTATIONS.flatMap((key) => {
    const list = annotations[key]
    if (typeof list !== 'string') return []
    const line = chart.lineOf(['annotations', key])
    const images = imagesIn(list)
    const source = { file, line, kind: 'Chart', name: typeof name === 'string' ? name : '' } as const
    return images.map((image) => readListed(image, source))
  })
  return { uses: scans.flatMap(({ uses }) => uses), findings: scans.flatMap(({ findings }) => findings) }
}

function imagesIn(list: string): string[] {
  const [document] = readDocuments(list, '')
  if (document?.form !== 'manifest' || !Array.isArray(document.value)) return []
  return document.value.flatMap((entry: unknown) => {
    const image = isObject(entry) ? entry.image : entry
    return typeof image === 'string' ? [image] : []
  })
}
