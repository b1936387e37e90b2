import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/scan-inputs.ts'

/** Manifests of real projects with an answer key and a scorer, kept beside the repository. */
const CORPUS = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url))

interface Score {
  recall: { podspec: number | null; hidden: number | null }
  missing: { ref: string; where: string }[]
}

test.skipIf(!existsSync(CORPUS))('every pod spec image of real projects is found', async () => {
  const { score } = (await import(pathToFileURL(`${CORPUS}/score.mjs`).href)) as {
    score: (truth: unknown, found: string[]) => Score
  }
  const projects = (await readdir(CORPUS, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  expect(projects.length).toBeGreaterThan(0)
  for (const { name } of projects) {
    const truth = JSON.parse(await readFile(`${CORPUS}/${name}/truth.json`, 'utf8'))
    const { uses } = await scanInputs([`${CORPUS}/${name}/manifests`])
    const { missing } = score(
      truth,
      uses.map(({ reference }) => reference),
    )
    expect(
      missing.filter(({ where }) => where === 'podspec').map(({ ref }) => ref),
      name,
    ).toEqual([])
  }
})
