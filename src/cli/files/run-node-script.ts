import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { onEarlyEnd } from '../../early-end.ts'

/** How the node script ended, and the line of JSON that it said. */
export interface NodeScriptResult {
  readonly exitCode: number
  readonly report: Readonly<Record<string, unknown>>
}

/** Runs the node script on this machine, which ends with us; what it has to tell people goes to stderr. */
export async function runNodeScript(script: string, args: readonly string[]): Promise<NodeScriptResult> {
  const child = spawn('sh', ['-s', '--', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const forget = onEarlyEnd(() => child.kill('SIGTERM'))
  child.stdin.on('error', () => {}) // a script that ends early has said why
  child.stdin.end(script)
  const [said, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  forget()
  const line = said.trim().split('\n').at(-1) ?? ''
  return { exitCode: exitCode ?? 3, report: line.startsWith('{') ? JSON.parse(line) : {} }
}
