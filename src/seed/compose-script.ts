import { type KnownMethod, METHODS } from './methods/methods.ts'

const START = '10-options.sh'
const END = '90-run.sh'

/**
 * The node script as one text, from its parts by their path below `node-script`: what is asked for, the methods as the
 * index has them, the steps that they share, each method's own, and the run.
 */
export function composeScript(parts: ReadonlyMap<string, string>): string {
  const shared = [...parts.keys()].filter((name) => !name.startsWith('methods/') && name !== START && name !== END)
  const own = METHODS.map(({ name }) => `methods/${name}.sh`).filter((name) => parts.has(name))
  const text = (name: string) => parts.get(name) ?? ''
  return [text(START), renderIndex(), ...shared.sort().map(text), ...own.map(text), text(END)].join('\n')
}

/** What the script must know of the methods before one is chosen. */
function renderIndex(): string {
  const scripted = METHODS.flatMap(({ script, ...method }) => (script ? [{ ...method, ...script }] : []))
  const lookedFor = scripted.filter(({ isLookedFor }) => isLookedFor)
  const named = scripted.filter(({ isLookedFor }) => !isLookedFor)
  const row = ({ name, does }: { name: string; does: string }) => `${' '.repeat(24)}${name.padEnd(10)} ${does}\n`
  return `# ---- methods, in the order in which they are looked for; and those that are taken only when named

methods='${lookedFor.map(({ name }) => name).join(' ')}'
named_methods='${named.map(({ name }) => name).join(' ')}'

methods_usage() {
  cat <<'USAGE'
  --method METHOD       default: the first of these that is here
${lookedFor.map(row).join('')}                        and, only when named:
${named.map(row).join('')}USAGE
}

# The method that a word means, in any case: its name, or another that people have for it.
method_meant() {
  word=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')
  case $word in
${scripted.flatMap(meaning).join('')}    *) printf '%s' "$word" ;;
  esac
}
`
}

/** The line of the shell's table for the other names of a method, as far as they are not names themselves. */
function meaning({ name, otherNames = [] }: Pick<KnownMethod, 'name' | 'otherNames'>): string[] {
  const others = otherNames.filter((other) => !METHODS.some((method) => method.name === other))
  return others.length === 0 ? [] : [`    ${others.join(' | ')}) printf %s ${name} ;;\n`]
}
