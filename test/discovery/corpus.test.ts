import { execFile } from 'node:child_process'
import { existsSync, writeSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { findReference } from '../../src/oci/reference.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { readAnswers } from './corpus/answers.ts'
import { score } from './corpus/score.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FETCH = join(ROOT, 'test/discovery/corpus/fetch.ts')

/** Where the manifests of the answer key may be: PROJECT/manifests/FILE. */
const CORPUS = [process.env.NODESEED_CORPUS, join(ROOT, '.cache/corpus'), join(ROOT, '../shared/corpus')].find(
  (place) => place !== undefined && existsSync(place),
)

const ANSWERS = await readAnswers()

// Straight to the terminal: what a worker says of a skip is easily lost.
if (CORPUS === undefined) writeSync(2, `NOT RUN: images of real projects: fetch them first: npx node ${FETCH}\n`)

test.skipIf(CORPUS === undefined)(
  `images of real projects are found, and little else, with default flags${CORPUS === undefined ? ' (NOT RUN: no corpus here)' : ''}`,
  async () => {
    const all = await Promise.all(
      ANSWERS.map(async (answer) => {
        const folder = join(CORPUS ?? '', answer.project, 'manifests')
        for (const { file } of answer.files) expect(existsSync(join(folder, file)), `${folder}/${file}`).toBe(true)
        const { uses } = await scanInputs([folder])
        return score(
          answer,
          uses.map(({ reference }) => reference),
        )
      }),
    )
    const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0)
    const shares = all.flatMap(({ hidden }) => (hidden.total > 0 ? [hidden.hit / hidden.total] : []))
    const [hidden, correct] = [sum((one) => one.hidden.hit), sum((one) => one.correct)]
    const extra = sum((one) => one.extra.length)
    const totals = [
      sum((one) => one.podSpec.hit),
      sum((one) => one.podSpec.total),
      hidden,
      sum((one) => one.hidden.total),
    ]
    writeSync(
      2,
      `corpus: pod specs ${totals[0]} of ${totals[1]}, elsewhere ${totals[2]} of ${totals[3]}, not right ${extra}\n`,
    )
    expect(totals[0]).toBe(totals[1])
    expect(hidden / (totals[3] ?? 0)).toBeGreaterThanOrEqual(0.97)
    expect(shares.reduce((a, b) => a + b, 0) / shares.length).toBeGreaterThanOrEqual(0.95)
    expect(correct / (correct + extra)).toBeGreaterThanOrEqual(0.98)
  },
)

test('the answer key names commits, files with digests, and references', () => {
  expect(ANSWERS.length).toBeGreaterThan(40)
  for (const { project, repository, commit, files, podSpec, hidden } of ANSWERS) {
    expect(repository, project).toMatch(/^[\w.-]+\/[\w.-]+$/)
    expect(commit, project).toMatch(/^[0-9a-f]{40}$/)
    expect(new Set(files.map(({ file }) => file)).size, project).toBe(files.length)
    for (const { file, sha256 } of files) expect(`${file} ${sha256}`).toMatch(/^[^/]+ [0-9a-f]{64}$/)
    for (const reference of [...podSpec, ...hidden])
      expect(findReference(reference.replace(/^oci:\/\//, '')), reference).toBeDefined()
  }
})

test('a score counts what a node takes for the same, and what is arguable not at all', () => {
  const answer = {
    ...{ project: 'p', repository: 'o/r', commit: '', files: [], comment: ['c:1'], neutral: ['n:1'] },
    podSpec: ['docker.io/library/a:1', `x/y:1@sha256:${'a'.repeat(64)}`],
    hidden: ['b:2', 'a:1', 'gone:1'],
  }
  expect(
    score(answer, ['a:1', 'a:1', 'index.docker.io/library/b:2', `x/y@sha256:${'a'.repeat(64)}`, 'n:1', 'c:1', 'z:1']),
  ).toEqual({
    podSpec: { hit: 2, total: 2 },
    hidden: { hit: 1, total: 2 },
    correct: 4,
    missing: ['docker.io/library/gone:1'],
    extra: ['docker.io/library/z:1'],
  })
})

test('manifests come from a directory too, and none whose digest is another', async () => {
  const directory = await temporaryDirectory()
  const [first] = ANSWERS
  const name = first?.files[0]?.file ?? ''
  await mkdir(join(directory, 'from', first?.project ?? '', 'manifests'), { recursive: true })
  await writeFile(join(directory, 'from', first?.project ?? '', 'manifests', name), 'something else\n')
  const run = promisify(execFile)(process.execPath, [
    FETCH,
    '--from',
    join(directory, 'from'),
    '--to',
    join(directory, 'to'),
  ])
  const { stderr, stdout } = await run.catch((error: { stderr: string; stdout: string }) => error)
  expect(stderr).toContain(`${first?.project}: ${first?.files[0]?.path}: is not what its digest says\n`)
  expect(stdout).toContain(': 0 files fetched, ')
  expect(existsSync(join(directory, 'to'))).toBe(false)
})
