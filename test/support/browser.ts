import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
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

/** Opens a page in a real headless Chromium, which goes away with the test. */
export async function openPage(html: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<OpenPage> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'page.html')
  await writeFile(file, html)
  const env = { ...toolEnvironment(), ...(await fontEnvironment(directory)), HOME: directory }
  const browser = await chromium.launch({
    executablePath: tool('chromium'),
    args: FLAGS,
    env: env as Record<string, string>,
  })
  onTestFinished(() => browser.close())
  const page = await browser.newPage(options)
  const [problems, requests]: [string[], string[]] = [[], []]
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (request) => {
    if (request.url() !== `file://${file}` && !request.url().startsWith('data:')) requests.push(request.url())
  })
  await page.goto(`file://${file}`)
  return { page, problems, requests }
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
