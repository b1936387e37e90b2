// Measures the pages of audit and inspect in headless Chromium: node test/bench/pages.ts. For pages that grow it prints
// their size, how many elements are shown, the time to the first paint and until all is there, from a key press to the next
// frame, and the longest of 40 frames while it is scrolled; and what of a processor the page's own thread took until it
// was there, and for each of the 40 frames, which says more than the clock where other work is done.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { auditHtml } from '../../src/audit/report/html.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { bundleHtml } from '../../src/bundle/page/bundle-page.ts'
import { readPageParts } from '../../src/cli/audit/audit-page.ts'
import { readSheet } from '../../src/cli/pages/sheet.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'
import { tool, toolEnvironment } from '../support/debian.ts'

const COLUMNS = [
  ...['page', 'MB', 'elements', 'first paint ms', 'ready ms', 'key to frame ms', 'longest frame ms'],
  ...['processor until ready, ms', 'a frame, ms'],
]

async function auditPage(workloadCount: number, nodeCount: number): Promise<string> {
  const nodes = Array.from({ length: nodeCount }, (_, index) =>
    node(`node-${index}`, {
      images: Array.from({ length: 20 }, (_, image) => `docker.io/library/web:${image + (index % 40)}`),
    }),
  )
  const workloads = Array.from({ length: workloadCount }, (_, index) =>
    workload({ name: `workload-${index}`, image: `web:${index % 60}` }),
  )
  return auditHtml(auditCluster(workloads, nodes, {}), await readPageParts())
}

/** Images of ten layers, of which three are a base's, which fifty have. */
async function bundlePage(imageCount: number): Promise<string> {
  const images = Array.from({ length: imageCount }, (_, index) => {
    const name = `registry.example.com/team-${index % 40}/service-${index}:1.4`
    const layers = Array.from({ length: 10 }, (_, at) => ({
      mediaType: OCI_LAYER_GZIP,
      digest: digestOf(at < 3 ? `base ${Math.floor(index / 50)} ${at}` : `${name} ${at}`),
      size: 1_000_000 + index * 100 + at,
    }))
    const image = lockedImage(name, 'linux/amd64')
    return { ...image, platforms: image.platforms.map((platform) => ({ ...platform, layers })) }
  })
  const remarksOf = ({ reference }: { reference: string }) => ({
    signedBy: '',
    attached: '',
    namedAt: [`k8s/${reference.slice(-20)}.yaml:7`, `k8s/more/${reference.slice(-20)}.yaml:19`],
  })
  const about = [['Bundle', 'large.tar']] as const
  return bundleHtml({ images, about, remarksOf, notes: [] }, await readSheet('bundle/page/style/page.css'))
}

const PAGES: readonly (readonly [name: string, make: () => Promise<string>, scrolled: string])[] = [
  ['audit, 100 x 50', () => auditPage(100, 50), '#matrix'],
  ['audit, 1,000 x 500', () => auditPage(1000, 500), '#matrix'],
  ['audit, 10,000 x 5,000', () => auditPage(10_000, 5000), '#matrix'],
  ['inspect, 200 images', () => bundlePage(200), 'html'],
  ['inspect, 2,000 images, 20,000 blobs', () => bundlePage(2000), 'html'],
]

const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
const env = { ...toolEnvironment(), HOME: directory } as Record<string, string>
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
const browser = await chromium.launch({ executablePath: tool('chromium'), args, env })
try {
  console.log(`| ${COLUMNS.join(' | ')} |`)
  for (const [name, make, scrolled] of PAGES) {
    const file = join(directory, 'page.html')
    await writeFile(file, await make())
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const processor = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return (metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN) * 1000
    }
    const start = await processor()
    await page.goto(`file://${file}`)
    const figures = [
      (await stat(file)).size / 1e6,
      ...(await measured(page, scrolled, async () => (await processor()) - start)),
    ]
    console.log(`| ${[name, ...figures.map((figure, at) => figure.toFixed(at === 0 ? 1 : 0))].join(' | ')} |`)
    await page.close()
  }
  console.log(`load average ${loadavg()[0]?.toFixed(0)}`)
} finally {
  await browser.close()
  await rm(directory, { recursive: true })
}

async function measured(page: Page, scrolled: string, processor: () => Promise<number>): Promise<number[]> {
  // Not waitForFunction: the page lets nobody evaluate text.
  const paint = await page.evaluate(`new Promise((resolve) => {
    const look = () => {
      const [first] = performance.getEntriesByName('first-contentful-paint')
      if (first) resolve(first.startTime)
      else requestAnimationFrame(look)
    }
    look()
  })`)
  const ready = await page.evaluate(
    '(performance.getEntriesByName("ready")[0] ?? { startTime: performance.getEntriesByType("navigation")[0].loadEventEnd }).startTime',
  )
  const untilReady = await processor()
  const elements = await page.evaluate('document.querySelectorAll("*").length')
  await page.keyboard.press('Tab')
  const key = await page.evaluate(`new Promise((resolve) => {
    const start = performance.now()
    const place = document.querySelector('${scrolled}')
    place.dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown' }))
    if ('${scrolled}' === 'html') place.scrollBy(0, 800)
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
  })`)
  const untilScrolled = await processor()
  const longest = await page.evaluate(`new Promise((resolve) => {
    const place = document.querySelector('${scrolled}')
    let [last, longest, count] = [performance.now(), 0, 0]
    const turn = () => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      place.scrollBy(0, 700)
      if (++count === 40) resolve(longest)
      else requestAnimationFrame(turn)
    }
    requestAnimationFrame(turn)
  })`)
  const frame = ((await processor()) - untilScrolled) / 40
  return [...[elements, paint, ready, key, longest].map(Number), untilReady, frame]
}
