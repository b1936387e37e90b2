import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { auditHtml } from '../../src/audit/report/html.ts'
import { type AuditResult, auditCluster } from '../../src/audit/report/report.ts'
import { auditTable } from '../../src/audit/report/table.ts'
import { readPageParts } from '../../src/cli/audit/audit-page.ts'
import { openPage } from '../support/browser.ts'
import { runCli } from '../support/cli.ts'
import { node, workload } from '../support/cluster.ts'
import { testWith } from '../support/debian.ts'
import { checkPicture } from '../support/picture.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const WEB = 'docker.io/library/web:1'
const HOSTILE = '</script><img src=x onerror=alert(1)>$&'

const htmlOf = async (result: AuditResult) => auditHtml(result, await readPageParts())

function smallAudit(): AuditResult {
  const nodes = [
    node('alpha', { images: [WEB] }),
    node('beta'),
    node('gamma', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }),
  ]
  const workloads = [
    workload({ name: 'shop' }),
    workload({ name: 'bound', spec: { nodeName: 'alpha' } }),
    workload({ name: 'broken', image: HOSTILE }),
    workload({
      name: 'everywhere',
      kind: 'DaemonSet',
      image: 'agent:1',
      spec: { tolerations: [{ operator: 'Exists' }] },
    }),
  ]
  return auditCluster(workloads, nodes, {})
}

const inBrowser = testWith(['chromium'])

inBrowser('the page shows the matrix, and each cell tells why', async () => {
  const { page, problems, requests } = await openPage(await htmlOf(smallAudit()))
  const cells = await page.locator('#lines .cell').allTextContents()
  // The worst first: broken, everywhere, shop, bound.
  expect(cells.join('')).toBe('✗✗·' + '✗✗✗' + '✓✗·' + '✓··')
  expect(await page.locator('#summary').textContent()).toBe('4 workloads on 3 nodes: 1 safe, 1 at risk, 2 impossible')
  await page.locator('#c2-1').click()
  expect(await page.locator('#detail').textContent()).toContain(`ImageMissing: ${WEB} is not on the node`)
  await page.locator('#c0-0').click()
  expect(await page.locator('#detail').textContent()).toContain(`not an image reference: "${HOSTILE}"`)
  expect(problems).toEqual([])
  expect(requests).toEqual([])
})

inBrowser('the keyboard reaches every cell', async () => {
  const { page } = await openPage(await htmlOf(smallAudit()))
  await page.locator('#matrix').focus()
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'End']) await page.keyboard.press(key)
  expect(await page.locator('.here').getAttribute('id')).toBe('c3-2')
  expect(await page.locator('#matrix').getAttribute('aria-activedescendant')).toBe('c3-2')
  expect(await page.locator('#detail').textContent()).toContain('NodeName: the pod is bound to node alpha')
  expect(await page.locator('.here').getAttribute('aria-label')).toBe('Deployment bound on gamma: NodeName')
})

test('workloads of one name are told apart by where they stand', async () => {
  const [shop, other] = [workload({ name: 'shop' }), workload({ name: 'other' })]
  const again = { ...shop, resource: { ...shop.resource, document: { ...shop.resource.document, file: 'b.yaml' } } }
  const result = auditCluster([shop, other, again], [node('alpha')], {})
  const names = Array.from(auditTable(result)).flatMap((line) => ('name' in line ? [line.name] : []))
  expect(names).toEqual([
    ...['WORKLOAD', 'Deployment shop (test.yaml:1)', 'Deployment other', 'Deployment shop (b.yaml:1)'],
  ])
  expect(await htmlOf(result)).toContain('"name":"Deployment shop (b.yaml:1)"')
})

inBrowser('search and filters narrow the matrix', async () => {
  const { page } = await openPage(await htmlOf(smallAudit()))
  const shown = () => page.locator('#shown').textContent()
  const names = () => page.locator('#lines .row').allTextContents()
  await page.getByRole('searchbox').fill('shop')
  expect(await names()).toEqual(['!Deployment shop1 of 2'])
  await page.getByRole('searchbox').fill('beta')
  expect(await shown()).toBe('4 of 4 workloads, 1 node')
  await page.getByRole('searchbox').fill('nothing of this name')
  expect(await page.locator('#nothing').isVisible()).toBe(true)
  expect(await names()).toEqual([])
  await page.getByRole('searchbox').fill('')
  await page.getByLabel('safe').uncheck()
  expect(await names()).not.toContain('✓Deployment bound1 of 1')
  await page.getByLabel('Reason').selectOption('InvalidImageName')
  expect(await names()).toEqual(['✗Deployment broken0 of 2'])
  await page.getByLabel('equal nodes as one column').check()
  expect(await shown()).toBe('1 of 4 workloads, 3 classes')
})

inBrowser('tables give the bytes of each node and the findings; paper gets the reasons', async () => {
  const { page } = await openPage(await htmlOf(smallAudit()))
  await page.getByText('Nodes and their images').click()
  expect(await page.locator('#nodes tr').nth(1).textContent()).toBe('alpha11 B0 B2')
  expect(await page.locator('#findings').textContent()).toContain('SANDBOX_IMAGE_UNKNOWN')
  await page.emulateMedia({ media: 'print' })
  await page.evaluate('dispatchEvent(new Event("beforeprint"))')
  expect(await page.locator('main').isVisible()).toBe(false)
  const print = page.locator('#print')
  expect(await print.textContent()).toContain(`beta: ImageMissing: ${WEB} is not on the node`)
  expect(await page.locator('#causes').isVisible()).toBe(true)
  expect(await print.textContent()).not.toContain('Not all')
  await page.evaluate('document.querySelector("[value=safe]").click(); dispatchEvent(new Event("beforeprint"))')
  expect(await print.textContent()).toContain('Not all: 3 of 4 workloads, as the filters of the page say.')
})

inBrowser('images that are named elsewhere have a table, with who names them', async () => {
  const args = { containers: [{ name: 'c', image: 'web:1', args: ['--worker-image=r.example/worker:2'] }] }
  const one = workload({ name: 'op', spec: args })
  const use = {
    ...{ reference: 'r.example/worker:2', image: 'r.example/worker:2', policy: undefined, file: 'op.yaml', line: 9 },
    ...{ layer: 'argument', confidence: 'likely' as const, why: `flag ${HOSTILE}`, path: ['spec'] },
    workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: undefined, name: 'op' },
  }
  const result = auditCluster([one], [node('alpha', { images: [WEB] })], {}, [], [use])
  const { page, problems } = await openPage(await htmlOf(result))
  expect(await page.locator('#summary').textContent()).toBe(
    '1 workload on 1 node: 1 safe; 1 image named elsewhere: 1 nowhere',
  )
  const row = await page.locator('#images tr').nth(1).textContent()
  expect(row).toContain('nowherer.example/worker:20 of 1')
  expect(row).toContain(`Deployment op starts it from its argument: flag ${HOSTILE} (op.yaml:9)`)
  expect(problems).toEqual([])
  const { page: without } = await openPage(await htmlOf(smallAudit()))
  expect(await without.locator('#images').isVisible()).toBe(false)
})

inBrowser('the page says what it is about, causes first, and the first cell that fails', async () => {
  const about = [
    ['Date', '2026-06-01, before the change'],
    ['Digest of the inputs', `sha256:${'a'.repeat(64)}`],
    ['Set', HOSTILE],
  ] as const
  const html = auditHtml(smallAudit(), await readPageParts(), about)
  const { page, problems } = await openPage(html)
  expect(await page.locator('#about > div').allTextContents()).toEqual(about.map(([term, text]) => `${term}${text}`))
  const causes = await page.locator('#causes li').allTextContents()
  expect(causes[0]).toMatch(/^✗InvalidImageName .*1 workload, 2 nodes/)
  expect(causes.join()).toContain(
    `ImageMissing ${WEB} is not on the node (IfNotPresent: ErrImagePull)1 workload, 1 nodeFix: seed beta`,
  )
  expect(await page.locator('.here').getAttribute('id')).toBe('c0-0')
  expect(await page.locator('#detail').textContent()).toContain('Deployment broken')
  expect(await page.locator('#signature').isVisible()).toBe(false)
  await page.emulateMedia({ media: 'print' })
  expect(await page.locator('#about').isVisible()).toBe(true)
  expect(await page.locator('#signature').isVisible()).toBe(true)
  expect(problems).toEqual([])
})

inBrowser('a screen of 1400, 800 or 400 columns is enough: nothing stands beside it, no word is broken', async () => {
  const long = workload({ name: 'a-name-that-is-as-long-as-names-of-workloads-get-in-large-companies', image: HOSTILE })
  const { workloads, nodes } = {
    workloads: [long, workload({ name: 'shop' })],
    nodes: [node('alpha'), node('node-0001.eu-central.acme.example')],
  }
  const html = auditHtml(auditCluster(workloads, nodes, {}), await readPageParts(), [['Inputs', 'a/b.yaml']])
  for (const width of [1400, 800, 400]) {
    const { page } = await openPage(html, { viewport: { width, height: 800 }, hasTouch: width === 400 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    expect(await page.evaluate('document.querySelectorAll(".column > span")[1].offsetWidth')).toBeLessThan(24)
    if (width > 400) continue
    expect(await page.locator('aside').isVisible()).toBe(false)
    await page.locator('#c0-0').tap()
    expect(await page.locator('aside').isVisible()).toBe(true)
    expect(await page.locator('#detail').textContent()).toContain('InvalidImageName')
    await page.getByRole('button', { name: 'Close' }).tap()
    expect(await page.locator('aside').isVisible()).toBe(false)
    for (const [key, isShown] of [
      ['Enter', true],
      ['Escape', false],
    ] as const) {
      await page.locator('#matrix').press(key)
      expect(await page.locator('aside').isVisible()).toBe(isShown)
    }
    expect(await page.evaluate('getComputedStyle(document.querySelector("#findings td")).display')).toBe('block')
  }
})

inBrowser('the page of the example in the README: docs/audit.png', async () => {
  const file = join(await temporaryDirectory(), 'audit.html')
  const inputs = ['examples/audit/shop.yaml', '--nodes', 'examples/audit/nodes.json']
  const { exitCode } = await runCli(['audit', ...inputs, '--fail-on', 'never', '--html', file, '--date', '1 June 2026'])
  expect(exitCode).toBe(0)
  const { page, problems } = await openPage(await readFile(file, 'utf8'))
  expect(problems).toEqual([])
  await checkPicture(page, 'audit', { width: 1400, height: 900 })
})

inBrowser('dark and light have readable colours', async () => {
  for (const [colorScheme, paper] of [
    ['light', 'rgb(255, 255, 255)'],
    ['dark', 'rgb(20, 24, 29)'],
  ] as const) {
    const { page } = await openPage(await htmlOf(smallAudit()), { colorScheme })
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(paper)
  }
})

inBrowser('a thousand workloads on five hundred nodes stay a few elements', async () => {
  const nodes = Array.from({ length: 500 }, (_, index) => node(`node-${index}`, { images: index % 2 ? [WEB] : [] }))
  const workloads = Array.from({ length: 1000 }, (_, index) =>
    workload({ name: `w${index}`, image: `web:${index % 40}` }),
  )
  const { page, problems } = await openPage(await htmlOf(auditCluster(workloads, nodes, {})))
  await page.locator('#matrix').focus()
  await page.keyboard.press('Control+End')
  expect(await page.locator('.here').getAttribute('id')).toBe('c999-499')
  // The worst come first: the last is the last of those that start somewhere.
  expect(await page.locator('#lines .row').last().textContent()).toBe('!Deployment w961250 of 500')
  await page.keyboard.press('PageUp')
  expect(await page.locator('.here').getAttribute('id')).toBe('c984-499')
  expect(await page.locator('#canvas *').count()).toBeLessThan(3000)
  expect(problems).toEqual([])
})

testWith([])('the page itself is small, and only its data grow', async () => {
  const { html, css, js } = await readPageParts()
  expect(html.length + css.length + js.length).toBeLessThan(100_000)
  expect(await readFile(new URL('../../src/audit/report/page/page.html', import.meta.url), 'utf8')).not.toMatch(
    /https?:/,
  )
})
