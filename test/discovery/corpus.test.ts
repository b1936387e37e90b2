import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'

/** Manifests of real projects with an answer key and a scorer, kept beside the repository. */
const CORPUS = fileURLToPath(new URL('../../../shared/corpus/', import.meta.url))

interface Score {
  recall: { podspec: number | null; hidden: number | null }
  podspec: { hit: number; total: number }
  hidden: { hit: number; total: number }
  correct: number
  extra: unknown[]
}

async function scores(): Promise<Score[]> {
  const { score } = (await import(pathToFileURL(`${CORPUS}/score.mjs`).href)) as {
    score: (truth: unknown, found: string[]) => Score
  }
  const projects = (await readdir(CORPUS, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  return Promise.all(
    projects.map(async ({ name }) => {
      const truth = JSON.parse(await readFile(`${CORPUS}/${name}/truth.json`, 'utf8'))
      const { uses } = await scanInputs([`${CORPUS}/${name}/manifests`])
      return score(
        truth,
        uses.map(({ reference }) => reference),
      )
    }),
  )
}

if (!existsSync(CORPUS)) process.stderr.write('skipped: the corpus of real projects is not beside the repository\n')

test.skipIf(!existsSync(CORPUS))('images of real projects are found, and little else, with default flags', async () => {
  const all = await scores()
  const sum = (of: (score: Score) => number) => all.reduce((total, score) => total + of(score), 0)
  const hidden = all.map(({ recall }) => recall.hidden).filter((recall) => recall !== null)
  const correct = sum((score) => score.correct)
  expect(all.length).toBeGreaterThan(0)
  expect(sum(({ podspec }) => podspec.hit)).toBe(sum(({ podspec }) => podspec.total))
  expect(sum((score) => score.hidden.hit) / sum((score) => score.hidden.total)).toBeGreaterThanOrEqual(0.97)
  expect(hidden.reduce((a, b) => a + b, 0) / hidden.length).toBeGreaterThanOrEqual(0.95)
  expect(correct / (correct + sum(({ extra }) => extra.length))).toBeGreaterThanOrEqual(0.98)
})
