import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'

const KEYWORD = 'Text shown'
/** In front of the first chunk stand the signature, and the chunk that says how large the picture is. */
const HEAD = 8 + 25

/**
 * The picture of a page that the README shows, docs/NAME.png: `npm run pictures` takes it; else it has to show the text that
 * the page has now. How that looks is up to fonts, so that the picture itself is not compared.
 */
export async function checkPicture(page: Page, name: string, { width = 1100, height = 720 } = {}): Promise<void> {
  await page.setViewportSize({ width, height })
  const shown = (await page.evaluate('document.body.innerText')) as string
  const digest = digestOf(shown.replaceAll(/nodeseed \d+\.\d+\.\d+/g, 'nodeseed'))
  const file = fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url))
  if (process.env.NODESEED_PICTURES === '1') await writeFile(file, withText(await page.screenshot(), digest))
  expect(textOf(await readFile(file)), `docs/${name}.png shows an older page: npm run pictures`).toBe(digest)
}

/** The picture with a text among its data. Source: PNG specification, third edition, 11.3.3.2 tEXt. */
function withText(picture: Buffer, text: string): Buffer {
  const data = Buffer.from(`tEXt${KEYWORD}\0${text}`, 'latin1')
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length - 4)
  checksum.writeUInt32BE(crc32(data))
  return Buffer.concat([picture.subarray(0, HEAD), length, data, checksum, picture.subarray(HEAD)])
}

function textOf(picture: Buffer): string {
  const start = HEAD + 8 + KEYWORD.length + 1
  const isText = picture.toString('latin1', HEAD + 4, start) === `tEXt${KEYWORD}\0`
  return isText ? picture.toString('latin1', start, HEAD + 8 + picture.readUInt32BE(HEAD)) : ''
}
