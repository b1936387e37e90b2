import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import { DEBIAN_ROOT, tool, toolEnvironment } from './debian.ts'
import { temporaryDirectory } from './temporary.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface OpenPage {
  readonly page: Page
  /** What the page said on its console, and what it threw. */
  readonly problems: string[]
  /** The addresses that the page asked for, its own left out. */
  readonly requests: string[]
}

let browser: Promise<Browser> | undefined
let home = ''

afterAll(async () => {
  await (await browser)?.close()
  if (home) await rm(home, { recursive: true, force: true })
})

/** Opens a page in a real headless Chromium, a window of its own that goes away with the test. */
export async function openPage(html: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<OpenPage> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'page.html')
  await writeFile(file, html)
  browser ??= launch()
  const page = await (await browser).newPage(options)
  onTestFinished(() => page.close())
  const [problems, requests]: [string[], string[]] = [[], []]
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (request) => {
    if (request.url() !== `file://${file}` && !request.url().startsWith('data:')) requests.push(request.url())
  })
  await page.goto(`file://${file}`)
  return { page, problems, requests }
}

/** One for a whole file of tests: to start it takes longer than what most tests ask of it. */
async function launch(): Promise<Browser> {
  home = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  const env = { ...toolEnvironment(), ...(await fontEnvironment(home)), HOME: home }
  return chromium.launch({ executablePath: tool('chromium'), args: FLAGS, env: env as Record<string, string> })
}

/** Fonts that were unpacked with the browser lie where no configuration looks. */
async function fontEnvironment(directory: string): Promise<Record<string, string>> {
  const fonts = join(DEBIAN_ROOT, 'usr/share/fonts')
  if (!existsSync(fonts)) return {}
  const config = join(directory, 'fonts.conf')
  const cache = join(directory, 'fonts')
  await writeFile(
    config,
    `<fontconfig><dir>${fonts}</dir><dir>/usr/share/fonts</dir><cachedir>${cache}</cachedir></fontconfig>`,
  )
  return { FONTCONFIG_FILE: config }
}
