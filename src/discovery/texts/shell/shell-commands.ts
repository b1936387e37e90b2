import { wordsOfFile } from './read-lists.ts'

/** One command of a line, and whether it stands alone in it or inside of another one, as what `$(…)` prints. */
export interface ShellCommand {
  readonly text: string
  readonly isInner: boolean
}

/** What opens, closes and parts commands; expressions of templates are passed over whole. */
const SIGN =
  /\{\{[^{}]{0,500}\}\}|\(\([^()]{0,500}\)\)|\{%[^%]{0,500}%\}|<%[^%]{0,500}%>|\$\(|[()`;]|&&|\|\|?|(?<![>&])&(?![>&])/g

/** `xargs -n1 docker pull`: its last words come from the command before it. */
const XARGS = /^\s*(?:sudo\s+)?(?:xargs|parallel)\s/
/** `xargs docker pull < images.txt`, `xargs -a images.txt docker pull` */
const INPUT = /\s<\s{0,9}([^\s<>]{1,200})|\s(?:-a\s{0,9}|--arg-file[= ])([^\s<>]{1,200})/
const PRINTS = /^\s*(?:echo\s+(?:-\w+\s+)*|printf\s+(?:"[^"]*"|'[^']*'|[^\s"']\S*)\s+)(.*)$/s

/** Deeper ones are part of what they stand in. */
const MAX_DEPTH = 8

/** `( a; b )`, which parts commands; `f(a; b)`, a part of one; `A=(a b)`, which holds none. */
const GROUP = '('
const CALL = 'f('
const ARRAY = '=('

interface Frame {
  readonly sign: string
  from: number
}

/**
 * The commands of a line of a shell script, those inside of `$(…)`, backticks and parentheses too, in the order in which
 * they begin to be run. What quotes hold is taken apart as well, since `sh -c` runs it. Each character is read once for
 * every depth, of which there are few.
 */
export function commandsIn(line: string): ShellCommand[] {
  const commands: ShellCommand[] = []
  const frames: Frame[] = [{ sign: '', from: 0 }]
  let skipped = 0
  const end = (at: number, from: number) => {
    const frame = frames.at(-1)
    if (!frame) return
    const text = line.slice(frame.from, at)
    const isInner = frames.some(({ sign }) => sign !== '' && sign !== GROUP)
    if (frame.sign !== ARRAY && text.trim() !== '') commands.push({ text, isInner })
    frame.from = from
  }
  const open = (sign: string, from: number) => {
    if (frames.length > MAX_DEPTH) skipped++
    else frames.push({ sign, from })
  }
  const close = (at: number) => {
    if (skipped > 0) {
      skipped--
      return
    }
    end(at, at)
    const closed = frames.pop()
    const outer = frames.at(-1)
    if (closed?.sign === GROUP && outer) outer.from = at + 1
  }
  for (const { 0: sign, index } of line.matchAll(SIGN)) {
    const top = frames.at(-1)?.sign
    if (sign.length > 2) continue
    if (sign === '$(') open(sign, index + 2)
    else if (sign === '(') {
      const before = line[index - 1] ?? ' '
      const isGroup = /[\s;&|(]/.test(before) && frames.length <= MAX_DEPTH
      if (isGroup) end(index, index + 1)
      open(isGroup ? GROUP : before === '=' ? ARRAY : CALL, index + 1)
    } else if (sign === ')') {
      if (frames.length > 1 && top !== '`') close(index)
    } else if (sign === '`') {
      if (top === '`') close(index)
      else open(sign, index + 1)
    } else if (top !== ARRAY) end(index, index + sign.length)
  }
  while (frames.length > 0) {
    end(line.length, line.length)
    frames.pop()
  }
  const handed = commands.map((one, index) => {
    if (!XARGS.test(one.text)) return one
    // `parallel docker pull ::: a b`
    const [, command, words] = / *(.*?)\s:::\s+(.+)$/.exec(one.text) ?? []
    if (command && words)
      return { ...one, text: command.includes('{}') ? command.replaceAll('{}', words) : `${command} ${words}` }
    const before = commands[index - 1]
    const file = INPUT.exec(one.text)
    const handed = file
      ? wordsOfFile(file[1] ?? file[2] ?? '')
      : (PRINTS.exec(before?.text ?? '')?.[1]?.replace(/["']/g, '') ?? `$(${before?.text.trim() ?? 'cat'})`)
    return { ...one, text: one.text.includes('{}') ? one.text.replaceAll('{}', handed) : `${one.text} ${handed}` }
  })
  return commands.length > 1 && /["']/.test(line) ? [...handed, ...commandsAroundQuotes(line)] : handed
}

/**
 * Commands with signs in their quotes, whole: `docker run -l "rule=a && b" ref`. What the quotes hold may be commands too,
 * so these come besides.
 */
function commandsAroundQuotes(line: string): ShellCommand[] {
  const found: ShellCommand[] = []
  let [from, quote, holdsSigns] = [0, '', false]
  const [double, single] = [line.lastIndexOf('"'), line.lastIndexOf("'")]
  for (let at = 0; at <= line.length; at++) {
    const sign = line[at] ?? '\n'
    const isSign = /[;&|\n]/.test(sign) && !/[<>]/.test(line[at - 1] ?? '') && line[at + 1] !== '>'
    if (sign === '\\' && quote !== "'") at++
    else if (quote !== '' && sign !== '\n') {
      if (sign === quote) quote = ''
      else holdsSigns ||= isSign || sign === '('
    } else if ((sign === '"' && at < double) || (sign === "'" && at < single)) quote = sign
    else if (isSign) {
      if (holdsSigns) found.push({ text: line.slice(from, at), isInner: true })
      ;[from, holdsSigns] = [at + 1, false]
    }
  }
  return found
}
