import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What one fault made of one run. */
interface Outcome {
  readonly version: string
  readonly runtime: string
  readonly fault: string
  readonly code: number
  readonly report: {
    readonly result: string
    readonly imported: number
    readonly missingCount: number
    readonly message: string
    readonly images: readonly { readonly there: boolean; readonly why?: string }[]
  }
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Runs the faults on every runtime, and on each containerd besides (a directory of its programs, or an empty text for that
 * of the tests). Gives the exit code, and the outcomes as Markdown.
 */
export async function runFaults(containerds: readonly string[]): Promise<{ code: number; text: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-faults-'))
  const file = join(directory, 'outcomes')
  let code = 0
  for (const [index, tools] of containerds.entries()) {
    const env = {
      ...{ ...process.env, NODESEED_FAULTS: file, ...(tools && { NODESEED_TOOLS: tools }) },
      ...(index > 0 && { NODESEED_FAULTS_OF: 'containerd' }),
    }
    try {
      const config = join(ROOT, 'test/live/faults/vitest.config.ts')
      execFileSync(join(ROOT, 'node_modules/.bin/vitest'), ['run', '--config', config], {
        cwd: ROOT,
        stdio: 'inherit',
        env,
      })
    } catch {
      code = 1
    }
  }
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  await rm(directory, { recursive: true })
  return { code, text: render(lines.map((line) => JSON.parse(line) as Outcome)) }
}

function render(outcomes: readonly Outcome[]): string {
  const columns = [...new Set(outcomes.map(columnOf))]
  const faults = Map.groupBy(outcomes, ({ fault }) => fault)
  const cells = [...faults].map(([fault, ones]) => [
    fault,
    ...columns.map((column) => cellOf(ones.find((one) => columnOf(one) === column))),
  ])
  const table = [['fault', ...columns], columns.map(() => '---').concat('---'), ...cells]
  const lines = outcomes
    .filter(({ code }) => code !== 0)
    .map((one) => `${columnOf(one)}, ${one.fault}: exit code ${one.code}\n\n\`\`\`json\n${lineOf(one)}\n\`\`\`\n`)
  return `${table.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n\n${lines.join('\n')}`
}

function columnOf({ runtime, version }: Outcome): string {
  return runtime === 'containerd' ? `containerd ${version.replace(/^v|[~+].*/g, '')}` : runtime
}

function cellOf(outcome: Outcome | undefined): string {
  if (!outcome) return ''
  const { code, report } = outcome
  return `${code} ${report.result}${code === 4 ? `: ${report.missingCount} of 6` : ''}`
}

/** Without what is only of this machine (its directory is DIR, where containerd keeps its content ROOT), and without the images that are there. */
function lineOf({ report }: Outcome): string {
  const images = report.images.filter(({ there }) => !there)
  return JSON.stringify({ ...report, node: 'node-1', images })
    .replace(/\/tmp\/nodeseed-(?:[a-z]+-)?\w+/g, 'DIR')
    .replace(/DIR\/root(?=\/)/g, 'ROOT')
}
