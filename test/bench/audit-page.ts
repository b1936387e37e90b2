// Measures the audit's page in headless Chromium: node test/bench/audit-page.ts. Prints the page's size, the time to its
// first paint, to the whole matrix, and from a key press to the next frame, for growing matrices.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { auditHtml } from '../../src/audit/report/html.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readPageParts } from '../../src/cli/audit/audit-page.ts'
import { node, workload } from '../support/cluster.ts'
import { tool, toolEnvironment } from '../support/debian.ts'

const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
const env = { ...toolEnvironment(), HOME: directory } as Record<string, string>
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
const browser = await chromium.launch({ executablePath: tool('chromium'), args, env })
try {
  console.log('workloads  nodes  page kB  first paint ms  ready ms  key to frame ms')
  for (const [workloadCount, nodeCount] of [
    [100, 50],
    [1000, 500],
    [10_000, 5000],
  ] as const) {
    const nodes = Array.from({ length: nodeCount }, (_, index) =>
      node(`node-${index}`, {
        images: Array.from({ length: 20 }, (_, image) => `docker.io/library/web:${image + (index % 40)}`),
      }),
    )
    const workloads = Array.from({ length: workloadCount }, (_, index) =>
      workload({ name: `workload-${index}`, image: `web:${index % 60}` }),
    )
    const file = join(directory, 'page.html')
    await writeFile(file, auditHtml(auditCluster(workloads, nodes, {}), await readPageParts()))
    const page = await browser.newPage()
    await page.goto(`file://${file}`)
    await page.locator('#matrix').focus()
    await page.waitForFunction('performance.getEntriesByName("first-contentful-paint").length > 0')
    const paint = await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0].startTime')
    const ready = await page.evaluate('performance.getEntriesByName("ready")[0].startTime')
    await page.keyboard.press('Enter')
    const frame = await page.evaluate(`new Promise((resolve) => {
      const start = performance.now()
      document.getElementById('matrix').dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown' }))
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
    })`)
    const cells = [
      workloadCount,
      nodeCount,
      (await stat(file)).size / 1000,
      Number(paint),
      Number(ready),
      Number(frame),
    ]
    console.log(cells.map((cell, column) => cell.toFixed(0).padStart([9, 5, 7, 14, 8, 15][column] ?? 0)).join('  '))
    await page.close()
  }
} finally {
  await browser.close()
  await rm(directory, { recursive: true })
}
