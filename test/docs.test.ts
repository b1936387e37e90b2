import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = (await Array.fromAsync(glob(['*.md', 'docs/*.md', '.github/*.md'], { cwd: ROOT }))).sort()

/** A path below one of the repository's own folders. */
const PATH = /(?<![\w./-])(?:src|test|docs|bin|schemas|examples|\.github)\/[\w./*-]*[\w/*]/g
/** One that stands for several: a pattern, or a place for a name. */
const PLACEHOLDER = /\*|\/[A-Z]+$/

test.for(PAGES)('every file of the repository that %s names is there', async (page) => {
  const named = [...(await readFile(join(ROOT, page), 'utf8')).matchAll(PATH)].map(([path]) => path)
  const paths = new Set(named.filter((path) => !PLACEHOLDER.test(path)))
  expect([...paths].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
