import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { data, Evaluator, Lexer, Parser } from '@actions/expressions'
import { parse } from 'yaml'

interface Step {
  readonly name: string
  readonly id?: string
  readonly if?: string
  readonly run: string
  readonly 'working-directory'?: string
  readonly env: Readonly<Record<string, string>>
}

interface Action {
  readonly inputs: Readonly<Record<string, { default: string }>>
  readonly outputs: Readonly<Record<string, { value: string }>>
  readonly runs: { readonly steps: readonly Step[] }
}

export interface ActionRun {
  readonly code: number
  readonly said: string
  readonly outputs: Readonly<Record<string, string>>
}

/** Where a job of GitHub Actions runs: its checkout, what the action's repository holds, what the runner keeps. */
export interface Job {
  readonly workspace: string
  readonly actionPath: string
  readonly temporary: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs the steps of action.yml one after the other as a runner does, with its own evaluator of expressions. */
export async function runAction(given: Readonly<Record<string, string>>, job: Job): Promise<ActionRun> {
  const action = parse(await readFile('action.yml', 'utf8')) as Action
  for (const name of Object.keys(given)) if (!(name in action.inputs)) throw new Error(`no input: ${name}`)
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, given[name] ?? input.default]),
  )
  const steps: Record<string, { outputs: Record<string, string> }> = {}
  const contexts = { inputs, steps, github: { action_path: job.actionPath } }
  const [path, output] = ['path', 'output'].map((name) => join(job.temporary, name)) as [string, string]
  await mkdir(job.temporary, { recursive: true })
  await writeFile(path, '')
  let [code, said] = [0, '']
  for (const step of action.runs.steps) {
    if (
      step.if !== undefined &&
      !evaluate(step.if, contexts)
        .coerceString()
        .match(/^true$/)
    )
      continue
    await writeFile(output, '')
    const added = (await readFile(path, 'utf8')).split('\n').filter(Boolean)
    const env = {
      ...{ HOME: job.temporary, PATH: [...added.reverse(), process.env.PATH].join(delimiter) },
      ...{ RUNNER_TEMP: job.temporary, GITHUB_PATH: path, GITHUB_OUTPUT: output },
      ...job.env,
      ...Object.fromEntries(Object.entries(step.env).map(([name, text]) => [name, filledIn(text, contexts)])),
    }
    const cwd = resolve(job.workspace, filledIn(step['working-directory'] ?? '.', contexts))
    const done = await bash(step.run, cwd, env)
    said += done.said
    const lines = (await readFile(output, 'utf8')).split('\n').filter(Boolean)
    const outputs = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)))
    if (step.id) steps[step.id] = { outputs }
    code = done.code
    if (code !== 0) break
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, filledIn(value, contexts)])
  return { code, said, outputs: Object.fromEntries(outputs) }
}

/** `shell: bash`, as GitHub starts it. */
function bash(script: string, cwd: string, env: Record<string, string>) {
  return new Promise<{ code: number; said: string }>((done) => {
    execFile(
      'bash',
      ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script],
      { cwd, env },
      (error, stdout, stderr) => {
        done({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr })
      },
    )
  })
}

function filledIn(text: string, contexts: object): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression) => evaluate(expression, contexts).coerceString())
}

function evaluate(expression: string, contexts: object): data.ExpressionData {
  const { tokens } = new Lexer(expression).lex()
  const parsed = new Parser(tokens, Object.keys(contexts), []).parse()
  return new Evaluator(parsed, toData(contexts) as data.Dictionary).evaluate()
}

function toData(value: unknown): data.ExpressionData {
  if (typeof value !== 'object' || value === null) return new data.StringData(String(value))
  return new data.Dictionary(...Object.entries(value).map(([key, inner]) => ({ key, value: toData(inner) })))
}
