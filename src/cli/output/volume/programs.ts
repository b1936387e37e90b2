import { subscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'
import { STARTED, type StartedTool } from '../../../tools/start-tool.ts'
import { timeOf } from './exchanges.ts'

/** Has every program of the user's that is run told as one line when it has ended: arguments, how it ended, time. */
export function tellPrograms(tell: (line: string) => void): void {
  subscribe(STARTED, (message) => {
    const { program, args, child } = message as StartedTool
    const start = performance.now()
    child.once('close', (code, signal) => {
      const line = [basename(program), ...shownArguments(args)].join(' ')
      tell(`ran ${line}: ended with ${signal ?? code}, ${timeOf(performance.now() - start)}`)
    })
  })
}

/** Flags whose values may be secrets: those of charts, and ways to log in. */
const SECRET = /^--(?:set(?:-\w+)?|token|password|username|creds)$/

/** Arguments for people: of `--set KEY=VALUE` the key, of tokens and passwords nothing. */
export function shownArguments(args: readonly string[]): string[] {
  return args.map((word, index) => {
    if (SECRET.test(args[index - 1] ?? '')) return withoutValue(word)
    const [, flag = '', value = ''] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? []
    return SECRET.test(flag) ? `${flag}=${withoutValue(value)}` : word
  })
}

function withoutValue(text: string): string {
  const [key, ...values] = text.split('=')
  return values.length > 0 ? `${key}=…` : '…'
}
