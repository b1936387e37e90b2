/** What one step of a pattern takes of a path; a step that repeats takes any number of such characters. */
interface Step {
  readonly takes: (character: string) => boolean
  readonly repeats: boolean
  /** Takes nothing: the two steps after it, any folders and their `/`, may be left out. */
  readonly isWayDown?: boolean
}

const isAny = () => true
const WAY_DOWN: Step = { takes: () => false, repeats: false, isWayDown: true }
const isInName = (character: string) => character !== '/'

/**
 * Whether a pattern of .gitignore fits a path or a folder that the path is in. All ways through the pattern are followed
 * at once, a character at a time, so the work is at most the length of the path times that of the pattern; a regular
 * expression tries them one after the other.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const isFolder = pattern.endsWith('/')
  const name = pattern.replace(/\/$/, '')
  const isAnchored = name.includes('/')
  const steps = stepsOf(name.replace(/^\//, ''))
  return (path) => {
    let states = new Set<number>()
    for (let at = 0; at <= path.length; at++) {
      const character = path[at]
      if (at === 0 || (!isAnchored && path[at - 1] === '/')) states.add(0)
      states = reachable(states, steps)
      const isEnd = character === '/' || (character === undefined && !isFolder)
      if (isEnd && states.has(steps.length)) return true
      if (character === undefined) break
      states = after(states, steps, character)
    }
    return false
  }
}

/** The states that need no character: a repeated step may take none, and a way down may have no folder. */
function reachable(states: ReadonlySet<number>, steps: readonly Step[]): Set<number> {
  const found = new Set(states)
  for (const state of found) {
    const step = steps[state]
    if (step?.repeats || step?.isWayDown) found.add(state + 1)
    if (step?.isWayDown) found.add(state + 3)
  }
  return found
}

function after(states: ReadonlySet<number>, steps: readonly Step[], character: string): Set<number> {
  const next = new Set<number>()
  for (const state of states) {
    const step = steps[state]
    if (step?.takes(character)) next.add(step.repeats ? state : state + 1)
  }
  return next
}

const TOKEN = /\*\*\/|\*\*|\*|\?|\[[!^]?\]?[^\]]{0,256}\]|\\.|./gsu

function stepsOf(pattern: string): Step[] {
  return Array.from(pattern.matchAll(TOKEN), ([token]) => stepsFor(token)).flat()
}

function stepsFor(token: string): Step[] {
  if (token === '**/') return [WAY_DOWN, ...stepsFor('**'), ...stepsFor('/')]
  if (token === '**') return [{ takes: isAny, repeats: true }]
  if (token === '*') return [{ takes: isInName, repeats: true }]
  if (token === '?') return [{ takes: isInName, repeats: false }]
  if (token.startsWith('[') && token.length > 2) return [{ takes: memberOf(token.slice(1, -1)), repeats: false }]
  const plain = token.length > 1 && token.startsWith('\\') ? token.slice(1) : token
  return Array.from(plain, (wanted) => ({ takes: (character: string) => character === wanted, repeats: false }))
}

/** `a-z_`, or `!a-z` for all others; never a `/`. */
function memberOf(set: string): Step['takes'] {
  const isOther = /^[!^]/.test(set)
  const ranges = Array.from((isOther ? set.slice(1) : set).matchAll(/(.)-(.)|(.)/gsu), ([, from, to, one]) => {
    return { from: from ?? one ?? '', to: to ?? one ?? '' }
  })
  return (character) =>
    character !== '/' && ranges.some(({ from, to }) => from <= character && character <= to) !== isOther
}
