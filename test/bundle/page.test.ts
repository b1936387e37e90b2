import { expect, test } from 'vitest'
import { diffLocks } from '../../src/bundle/delta/diff.ts'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { type BundlePage, bundleHtml } from '../../src/bundle/page/bundle-page.ts'
import { diffHtml } from '../../src/bundle/page/diff-page.ts'
import { imageSizes } from '../../src/bundle/page/image-sizes.ts'
import { setTerms } from '../../src/bundle/page/set-terms.ts'
import { treemap } from '../../src/bundle/page/treemap.ts'
import { checkPage } from '../../src/cli/inspection/bundle-page.ts'
import { readSheet } from '../../src/cli/pages/sheet.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { openPage } from '../support/browser.ts'
import { lockedImage } from '../support/cluster.ts'
import { testWith } from '../support/debian.ts'
import { checkPicture } from '../support/picture.ts'
import { fc, runs } from '../support/property.ts'
import { directoryWith } from '../support/temporary.ts'

const HOSTILE = 'r.example/</style><script>alert(1)</script>&"\':1'

function layer(content: string, size: number) {
  return { mediaType: OCI_LAYER_GZIP, digest: digestOf(content), size }
}

/** An image with a base layer that others have too, and one of its own. */
function image(name: string, own: number): LockedImage {
  const made = lockedImage(name, 'linux/amd64')
  const layers = [layer('base', 5_000_000), layer(`${name} own`, own)]
  return { ...made, platforms: made.platforms.map((platform) => ({ ...platform, layers })) }
}

const IMAGES = [image('r.example/shop/web:1', 40_000_000), image('r.example/shop/api:2', 9_000_000), image(HOSTILE, 10)]

async function htmlOf(images: readonly LockedImage[] = IMAGES): Promise<string> {
  const page: BundlePage = {
    images,
    about: [
      ['bundle', HOSTILE],
      ['set', ''],
    ],
    remarksOf: ({ reference }) => ({ signedBy: '', attached: '', namedAt: [`${reference}.yaml:7`] }),
    notes: [HOSTILE],
  }
  return bundleHtml(page, await readSheet('bundle/page/style/page.css'))
}

test('a page says which set it is about, by the digest that nodes report', () => {
  const lock = { version: 1, edition: { set: 'shop', number: 2 }, images: IMAGES } as const
  expect(setTerms(lock)).toEqual([
    ['Set', 'shop, number 2'],
    ['Digest of the set', seedSetDigest(lock)],
  ])
  expect(setTerms(undefined)).toEqual([])
})

test('tiles have the area of their weight, lie on the ground, and nowhere on each other', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 10 ** 9 }), { maxLength: 60 })
  fc.assert(
    fc.property(weights, fc.double({ min: 0.3, max: 4, noNaN: true }), (items, aspect) => {
      const tiles = treemap(items, (weight) => weight, aspect)
      const total = items.reduce((sum, weight) => sum + weight, 0)
      expect(tiles.map(({ item }) => item)).toEqual(items.filter(Boolean).toSorted((a, b) => b - a))
      for (const { item, x, y, width, height } of tiles) {
        expect(width * height).toBeCloseTo(item / total, 9)
        for (const edge of [x, y, x + width, y + height]) expect(edge).toBeGreaterThanOrEqual(-1e-6)
        for (const edge of [x + width, y + height]) expect(edge).toBeLessThanOrEqual(1 + 1e-6)
      }
      for (const [index, a] of tiles.entries()) {
        for (const b of tiles.slice(index + 1)) {
          const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
          const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
          expect(Math.min(across, down)).toBeLessThan(1e-6)
        }
      }
    }),
    { numRuns: runs(50) },
  )
})

test('each byte is counted once: what an image has alone, and what several share', () => {
  const { sizes, shared } = imageSizes(IMAGES)
  const blobs = new Map(
    IMAGES.flatMap(({ target, platforms }) => [
      target,
      ...platforms.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers]),
    ]).map(({ digest, size }) => [digest, size]),
  )
  const total = [...blobs.values()].reduce((sum, size) => sum + size, 0)
  const counted = sizes.reduce((sum, { own }) => sum + own, 0) + shared.reduce((sum, { size }) => sum + size, 0)
  expect(counted).toBe(total)
  expect(shared.map(({ size, images }) => [size, images.length])).toEqual([[5_000_000, 3]])
})

const inBrowser = testWith(['chromium'])

inBrowser('the page of a bundle says what takes the room and why it is there, and nothing runs on it', async () => {
  const { page, problems, requests } = await openPage(await htmlOf())
  expect(await page.locator('#map a').allTextContents()).toEqual([
    'web:1 40 MB',
    'api:2 9.0 MB',
    'in 3 images 5.0 MB',
    expect.stringContaining('script>'),
  ])
  await page.locator('#map a').first().click()
  expect(await page.locator('tr:target').textContent()).toContain('r.example/shop/web:1.yaml:7')
  expect(await page.locator('tbody tr').first().textContent()).toContain('linux/amd64')
  expect(await page.locator('#notes li').textContent()).toBe(HOSTILE)
  expect(await page.locator('#shared summary').textContent()).toBe('1 shared, which saves 10 MB')
  expect(await page.locator('dt').allTextContents()).toEqual(['bundle'])
  expect([problems, requests]).toEqual([[], []])
})

inBrowser(
  'nothing of it is wider than the window, and every text can be read, in the dark and in the light',
  async () => {
    const { page } = await openPage(await htmlOf())
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [1400, 800, 400]) {
        await page.setViewportSize({ width, height: 800 })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      }
      const contrasts = (await page.evaluate(CONTRASTS)) as [what: string, contrast: number][]
      expect(contrasts.filter(([, contrast]) => contrast < 4.5)).toEqual([])
      expect(contrasts.length).toBeGreaterThan(10)
    }
  },
)

/** Five services on one base, as the README shows them. */
const SHOP = [60, 41, 24, 18, 9].map((size, index) => {
  return image(`registry.example.com/shop/${['web', 'api', 'search', 'report', 'agent'][index]}:1.4`, size * 1_000_000)
})

inBrowser('images of one base have a tile each, and one for what they share: docs/inspect.png', async () => {
  const page: BundlePage = {
    images: SHOP,
    about: [
      ['Bundle', 'shop.tar'],
      ['Holds', '5 images'],
    ],
    remarksOf: ({ reference }) => ({
      signedBy: '',
      attached: '',
      namedAt: [`k8s/${/[^/]*(?=:)/.exec(reference)?.[0]}.yaml:7`],
    }),
    notes: [],
  }
  const { page: shown, problems } = await openPage(bundleHtml(page, await readSheet('bundle/page/style/page.css')))
  expect(await shown.locator('#map a').count()).toBe(6)
  expect(problems).toEqual([])
  await checkPicture(shown, 'inspect')
})

/** The contrast of each text with what is behind it, by WCAG. */
const CONTRASTS = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor)
      if (color[3] !== 0) return color
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll('h1,h2,dt,dd,th,td,small,strong,#map a,#legend span,summary')].map((element) => {
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x)
    return [element.tagName + ' ' + element.className, (a + 0.05) / (b + 0.05)]
  })
})()`

inBrowser('the page of a month says which names moved, and for which images bytes are new', async () => {
  const before = { version: 1 as const, images: IMAGES.slice(0, 2) }
  const next = image('r.example/shop/web:1', 41_000_000)
  const digest = digestOf('next')
  const names = ['r.example/shop/web:1', `r.example/shop/web@${digest}`]
  const moved = { ...next, names, target: { ...next.target, digest } }
  const changed = {
    ...moved,
    platforms: moved.platforms.map((one) => ({ ...one, layers: [layer('next', 41_000_000)] })),
  }
  const after = { version: 1 as const, images: [changed, image('r.example/shop/new:1', 1_000_000)] }
  const page = {
    before,
    after,
    diff: diffLocks(before, after),
    about: [
      ['Before', 'may.tar'],
      ['After', 'june.tar'],
    ],
  } as const
  const html = diffHtml(page, await readSheet('bundle/page/style/page.css'))
  const { page: shown, problems, requests } = await openPage(html)
  expect(await shown.locator('#map a').allTextContents()).toEqual(['web:1 41 MB', 'new:1 1.0 MB'])
  expect(await shown.locator('h2').allTextContents()).toEqual([
    'New bytes',
    '1 name moved',
    '3 names added',
    '3 names removed',
  ])
  expect([problems, requests]).toEqual([[], []])
})

test('the page of two that are alike says so', async () => {
  const lock = { version: 1 as const, images: IMAGES }
  const html = diffHtml({ before: lock, after: lock, diff: diffLocks(lock, lock), about: [] }, '')
  expect(html).toContain('Nothing changed: both hold the same 3 images.')
  expect(html).not.toContain('<h2')
})

test('of a thousand images the smallest are one tile', async () => {
  const many = Array.from({ length: 1000 }, (_, index) => image(`r.example/app${index}:1`, 1_000_000 + index))
  const html = await htmlOf(many)
  expect(html.match(/<a class="/g)).toHaveLength(121)
  expect(html).toContain('>881 smaller</span>')
})

test('a page gives way to the next one, and no other file does', async () => {
  const directory = await directoryWith({ 'page.html': await htmlOf(), 'other.html': '<!doctype html>', 'b.tar': 'b' })
  const place = (name: string, force = false) =>
    checkPage(`${directory}/${name}`, { inputs: [`${directory}/b.tar`], force })
  await place('page.html')
  await place('new.html')
  await place('other.html', true)
  for (const [name, force] of [
    ['other.html', false],
    ['b.tar', true],
  ] as const) {
    await expect(place(name, force)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  }
})
