// Brings the manifests of test/discovery/corpus/answers.json to this machine, for test/discovery/corpus.test.ts:
//
//   npx node test/discovery/corpus/fetch.ts [--to DIR] [--from DIR]
//
// From GitHub, each file at its commit; or, where there is no internet, from a directory that has them as this program
// writes them (PROJECT/manifests/FILE). Every file is checked by its digest; what is there already is not fetched again.
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Answer, readAnswers } from './answers.ts'

const { values } = parseArgs({
  options: { to: { type: 'string', default: '.cache/corpus' }, from: { type: 'string' } },
})
let [fetched, failed] = [0, 0]

for (const answer of await readAnswers()) {
  for (const file of answer.files) {
    const target = join(values.to, answer.project, 'manifests', file.file)
    if (isRight(await readFile(target).catch(() => undefined), file.sha256)) continue
    try {
      const content = await contentOf(answer, file)
      if (!isRight(content, file.sha256)) throw new Error('is not what its digest says')
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, content)
      fetched++
    } catch (error) {
      failed++
      console.error(`${answer.project}: ${file.path}: ${(error as Error).message}`)
    }
  }
}
console.log(`${values.to}: ${fetched} files fetched, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

async function contentOf({ project, repository, commit }: Answer, file: Answer['files'][number]): Promise<Buffer> {
  if (values.from !== undefined) return readFile(join(values.from, project, 'manifests', file.file))
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  const response = await fetch(`https://raw.githubusercontent.com/${repository}/${commit}/${path}`)
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

function isRight(content: Buffer | undefined, sha256: string): content is Buffer {
  return content !== undefined && createHash('sha256').update(content).digest('hex') === sha256
}
