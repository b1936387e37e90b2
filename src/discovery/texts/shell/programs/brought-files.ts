/** What a command of a script applies or loads from a file of which the script says no more. */
export interface BroughtFile {
  /** For people: `manifests from web.yaml`. */
  readonly what: string
  /** Where it is, as far as that is written; undefined where nobody can tell, or no input would show what is in it. */
  readonly path: string | undefined
}

const WORD = `["']?((?:\\$\\([^()]{1,200}\\)|\\$\\{[^{}]{1,200}\\}|[^\\s"';|&<>()])(?:["']?(?:\\$\\([^()]{1,200}\\)|[^\\s"';|&<>()]))*)`
const flag = (flags: string) => new RegExp(`\\s(?:${flags})(?:[= ]\\s{0,9}|(?=[.\\w/$]))${WORD}`, 'g')

/** What begins a command, the flags or words behind which a file stands, and what is in it. */
const WAYS: readonly {
  readonly command: RegExp
  readonly file: RegExp
  readonly what: string
  readonly isArchive?: true
}[] = [
  {
    command: /\b(?:kubectl|oc)\s(?:[^;|&]{0,200}?\s)?(?:apply|create|replace)\s/,
    file: flag('-R?f|--filename|-k|--kustomize'),
    what: 'manifests from',
  },
  { command: /\bkapp\s(?:[^;|&]{0,200}?\s)?deploy\s/, file: flag('-f|--file'), what: 'manifests from' },
  {
    command: /\bpodman\s+(?:kube\s+play|play\s+kube)\s/,
    file: new RegExp(`(?:kube\\s+play|play\\s+kube)\\s+(?:-\\S{1,40}\\s+){0,8}${WORD}`, 'g'),
    what: 'manifests from',
  },
  { command: /\bdocker\s+stack\s+deploy\s/, file: flag('-c|--compose-file'), what: 'the services of' },
  {
    command: /\b(?:docker|podman|nerdctl)[ -]compose\s(?=[^;|&]{0,400}?\b(?:up|pull|run|create)\b)/,
    file: flag('-f|--file'),
    what: 'the services of',
  },
  {
    command: /\b(?:docker|podman|nerdctl)\s+(?:image\s+)?load\s/,
    file: new RegExp(`\\s(?:-i|--input)(?:[= ]\\s{0,9})${WORD}|<\\s{0,9}${WORD}`, 'g'),
    what: 'the archive',
    isArchive: true,
  },
  {
    command: /\bctr\s(?:[^;|&]{0,200}?\s)?(?:images?|i)\s+import\s/,
    file: new RegExp(`import\\s(?:[^;|&]{0,200}?\\s)?(?!-)${WORD}\\s*(?=$|[;|&>)])`, 'g'),
    what: 'the archive',
    isArchive: true,
  },
  {
    command: /\bkind\s+load\s+image-archive\s/,
    file: new RegExp(`image-archive\\s+${WORD}`, 'g'),
    what: 'the archive',
    isArchive: true,
  },
]
const MAY_BRING = /\b(?:kubectl|oc|kapp|podman|docker|nerdctl|ctr|kind)[\s-]/

/** What the commands of a line bring from files that the script does not make itself. */
export function filesBroughtBy(line: string, script: ScriptFiles): BroughtFile[] {
  if (!MAY_BRING.test(line)) return []
  return line.split(/;|&&|\|\||\|/).flatMap((command) =>
    WAYS.flatMap(({ command: begin, file, what, isArchive }) => {
      const at = begin.exec(command)?.index
      if (at === undefined) return []
      return Array.from(command.slice(at).matchAll(file), ([, first, second]) =>
        (first ?? second ?? '').replace(/["']/g, ''),
      )
        .filter((name) => !/^-|^https?:|^(?:git@|github\.com\/)|^\/dev\/|^\{\}$/.test(name) && !script.made.has(name))
        .flatMap((name) => broughtFrom(name, what, isArchive, script))
    }),
  )
}

function broughtFrom(name: string, what: string, isArchive: boolean | undefined, script: ScriptFiles): BroughtFile[] {
  const variable = /^\$\{?(\w{1,99})\}?$/.exec(name)?.[1]
  const address = variable === undefined ? undefined : script.addresses.get(variable)
  if (address !== undefined) return [{ what: `${what} ${address}`, path: undefined }]
  return [{ what: `${what} ${name}`, path: isArchive ? undefined : pathOf(name) }]
}

/** Without what stands before for a directory: `$HERE/`, `../`, and what a glob leaves open. */
function pathOf(name: string): string | undefined {
  if (/^\.?\/?$/.test(name)) return ''
  const parts = name.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')
  const known = parts.slice(parts.findLastIndex((part) => part.includes('$') || part.includes(')')) + 1)
  const last = known.findIndex((part) => part.includes('*'))
  const path = (last < 0 ? known : known.slice(0, last)).join('/')
  // Where something is mounted says nothing of where it is from.
  if (name.startsWith('/')) return known.at(-1)
  return path === '' ? undefined : path
}

/** What a script itself says of files. */
export interface ScriptFiles {
  /** Those that it writes, or fetches under the names that they have there. */
  readonly made: ReadonlySet<string>
  /** `MANIFEST="https://…"` */
  readonly addresses: ReadonlyMap<string, string>
}

export function filesOfScript(script: string): ScriptFiles {
  const words = script.replaceAll('"', '').split(/[\s;|&()<]+/)
  const made = words.flatMap((word, at) => {
    if (/^https?:/.test(word)) return word.slice(word.lastIndexOf('/') + 1)
    const [, name] = /^(?:\d?>{1,2}|--output=|-[oO])(.+)$/.exec(word) ?? []
    return name ?? (/^(?:\d?>{1,2}|tee|-a|-\w?[oO]|--output)$/.test(word) ? (words[at + 1] ?? []) : [])
  })
  const addresses = words.flatMap((word) => {
    const [, name, address] = /^(\w{1,99})='?(https?:\/\/[^\s']{1,1000})/.exec(word) ?? []
    return name && address ? [[name, address] as const] : []
  })
  return { made: new Set(made), addresses: new Map(addresses) }
}
