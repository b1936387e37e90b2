/** What a command of a script brings into a cluster from elsewhere, and its line from the start of the text. */
export interface Installed {
  readonly code: 'CHART_ELSEWHERE' | 'MANIFESTS_ELSEWHERE'
  readonly what: string
  readonly line: number
}

const HELM = /\bhelm3?\s(?:[^;|&]{0,400}?\s)?(?:install|upgrade|template)\s([^;|&]{1,2000})/g
const APPLY =
  /\b(?:kubectl|oc|k3s kubectl)\s(?:[^;|&]{0,400}?\s)?(?:apply|create|replace)\s[^;|&]{0,400}?(?:-f|--filename|-k|--kustomize)[= ]?["']?((?:https?:\/\/|git@|github\.com\/)[^\s"';|&]{1,1000})/g
/** Flags of helm that take no value. */
const SWITCH =
  /^(?:-[igaq]+|--(?:install|wait(?:-for-jobs)?|atomic|debug|devel|dry-run|force|generate-name|create-namespace|dependency-update|skip-crds|include-crds|no-hooks|replace|reuse-values|reset-values|reset-then-reuse-values|cleanup-on-fail|verify|plain-http|insecure-skip-tls-verify|pass-credentials|render-subchart-notes|disable-openapi-validation|hide-notes))$/
const MAX_TEXT = 1_000_000

/** The charts that the commands of a text install, and the addresses whose manifests they apply. */
export function installsInText(text: string): Installed[] {
  if (text.length > MAX_TEXT || !/\b(?:helm3?|kubectl|oc)\b/.test(text)) return []
  return joinedLines(text).flatMap(({ content, line }): Installed[] => {
    if (/^\s*(?:#|\/\/)/.test(content)) return []
    const charts = Array.from(content.matchAll(HELM), ([, rest = '']) => chartIn(rest)).filter((chart) => chart !== '')
    const addresses = Array.from(content.matchAll(APPLY), ([, address = '']) => address)
    return [
      ...charts.map((chart) => ({ code: 'CHART_ELSEWHERE', what: `chart ${chart}`, line }) as const),
      ...addresses.map((url) => ({ code: 'MANIFESTS_ELSEWHERE', what: `manifests from ${url}`, line }) as const),
    ]
  })
}

/** Lines of a script; one that ends in a backslash goes on in the next. */
function joinedLines(text: string): { content: string; line: number }[] {
  const lines: { parts: string[]; line: number }[] = []
  let isOpen = false
  text.split('\n').forEach((content, line) => {
    const last = lines.at(-1)
    const isContinued = content.endsWith('\\')
    const part = isContinued ? content.slice(0, -1) : content
    if (isOpen && last) last.parts.push(part.trim())
    else lines.push({ parts: [part], line })
    isOpen = isContinued
  })
  return lines.map(({ parts, line }) => ({ content: parts.join(' '), line }))
}

/** `web repo/chart --version 1`: of what stands between flags the last of two is the chart. */
function chartIn(rest: string): string {
  const words = rest.split(/[\s"'`]+/).filter(Boolean)
  const operands: string[] = []
  for (let index = 0; index < words.length && operands.length < 2; index++) {
    const word = words[index] ?? ''
    if (!word.startsWith('-')) operands.push(word)
    else if (!word.includes('=') && !SWITCH.test(word)) index++
  }
  const chart = operands.at(-1) ?? ''
  const isAlone = operands.length === 1 && !/[/\\]|\.tgz$/.test(chart)
  return isAlone && !/\s-g\b|--generate-name/.test(` ${rest}`) ? '' : chart
}
