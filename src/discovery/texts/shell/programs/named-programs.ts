const PROGRAM = '(?:sudo\\s+)?(?:docker|podman|nerdctl|ctr|crictl|buildah|skopeo|crane|helm|kubectl|oc|kustomize)'
const BEFORE = '(?:^|[\\s;])(?:alias\\s+|export\\s+|local\\s+|readonly\\s+)?'
/** `CMD="docker run --rm"`, `alias d=docker`: a name that stands for a program and its first words. */
const NAMED = new RegExp(
  `${BEFORE}([A-Za-z_]\\w{0,99})=(?:"(${PROGRAM}(?:\\s[^"$\`]{0,400})?)"|'(${PROGRAM}(?:\\s[^'$\`]{0,400})?)'|(${PROGRAM})(?=\\s|;|$))`,
  'gm',
)
/** `ARGS=(run --rm)`: the first words of a program. */
const WORDS = /(?:^|[\s;])([A-Za-z_]\w{0,99})=\(((?:run|pull|create|-)[^()"'$`\n]{0,400})\)/gm
const MAY_NAME =
  /=["']?\s{0,9}(?:sudo|docker|podman|nerdctl|ctr|crictl|buildah|skopeo|crane|helm|kubectl|oc|kustomize)\b|=\((?:run|pull|create|-)/
/** Where a command begins. */
const BEGINNING = '((?:^[ \\t]*|[;&|({`][ \\t]*|\\b(?:do|then|else)[ \\t]+)(?:(?:sudo|exec|time)[ \\t]+)*)'
const MAX_NAMES = 64

/** A script with the programs that its variables and aliases stand for in their place, line for line. */
export function withPrograms(text: string): string {
  if (!MAY_NAME.test(text)) return text
  const programs = new Map(
    Array.from(text.matchAll(NAMED), ([, name = '', double, single, bare]) => [name, double ?? single ?? bare ?? '']),
  )
  const words = new Map(Array.from(text.matchAll(WORDS), ([, name = '', inside = '']) => [name, inside]))
  if (programs.size + words.size > MAX_NAMES) return text
  const called = text.replace(CALLED, (whole, before: string, variable?: string, plain?: string) => {
    const program = programs.get(variable ?? plain ?? '')
    return program === undefined ? whole : `${before}${program}`
  })
  return words.size === 0 ? called : called.replace(ALL_WORDS, (whole, name: string) => words.get(name) ?? whole)
}

const CALLED = new RegExp(`${BEGINNING}(?:["']?\\$\\{?(\\w{1,99})\\}?["']?|([A-Za-z_]\\w{0,99}))(?=[ \\t])`, 'gm')
const ALL_WORDS = /["']?\$\{(\w{1,99})\[[@*]\]\}["']?/g
