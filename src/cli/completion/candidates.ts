/** What completion needs to know of a command. */
export interface CompletedCommand {
  readonly id: string
  readonly flags: Readonly<Record<string, CompletedFlag>>
}

interface CompletedFlag {
  readonly name: string
  readonly char?: string | undefined
  readonly type: 'boolean' | 'option'
  readonly options?: readonly string[] | undefined
  readonly hidden?: boolean | undefined
  readonly allowNo?: boolean | undefined
}

/** What is looked up where a word stands for it; nothing where it cannot be. */
export interface Lookup {
  /** The names of the nodes in a file that `kubectl get nodes` wrote. */
  readonly nodes: (file: string) => Promise<readonly string[]>
  /** The names of the images in a bundle. */
  readonly images: (file: string) => Promise<readonly string[]>
  readonly codes: () => Promise<readonly string[]>
  readonly methods: () => Promise<readonly string[]>
}

const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/ppc64le', 'linux/riscv64', 'linux/s390x']
const VALUES: Readonly<Record<string, readonly string[]>> = {
  platform: PLATFORMS,
  policy: ['Never', 'IfNotPresent', 'Always'],
  distro: ['kubeadm@', 'k3s@', 'rke2@', 'k0s@'],
}
const SHELLS = ['bash', 'zsh', 'fish']

/**
 * What the last of the words behind `nodeseed` may become, in alphabetical order. Where a file is meant, or nothing is
 * known, there is none: the shell then completes names of files.
 */
export async function candidates(
  words: readonly string[],
  commands: readonly CompletedCommand[],
  lookup: Lookup,
): Promise<string[]> {
  const begun = words.at(-1) ?? ''
  const all = await (words.length <= 1 ? commandNames(commands) : ofCommand(words, commands, lookup))
  return [...new Set(all)].filter((word) => word.startsWith(begun) && word !== begun).sort()
}

function commandNames(commands: readonly CompletedCommand[]): string[] {
  return ['help', 'version', ...commands.map(({ id }) => id)]
}

async function ofCommand(
  [id = '', ...words]: readonly string[],
  commands: readonly CompletedCommand[],
  lookup: Lookup,
): Promise<readonly string[]> {
  if (id === 'help') return words.length === 1 ? commandNames(commands) : []
  const command = commands.find((one) => one.id === id)
  if (!command) return []
  const begun = words.at(-1) ?? ''
  const { open, positionals, values } = parsed(command, words.slice(0, -1))
  const [, inline] = /^--([\w-]+)=/.exec(begun) ?? []
  const flag = open ?? (inline === undefined ? undefined : command.flags[inline])
  if (flag) {
    const found = await valuesOf(flag, values, lookup)
    return open ? found : found.map((value) => `--${flag.name}=${value}`)
  }
  if (begun.startsWith('-')) return flagNames(command)
  if (id === 'completion' && positionals.length === 0) return SHELLS
  if (id === 'explain') return lookup.codes()
  const [file] = positionals
  return id === 'load' && file !== undefined ? lookup.images(file) : []
}

interface Parsed {
  /** The flag whose value comes next. */
  readonly open: CompletedFlag | undefined
  readonly positionals: readonly string[]
  readonly values: ReadonlyMap<string, string>
}

function parsed({ flags }: CompletedCommand, words: readonly string[]): Parsed {
  const positionals: string[] = []
  const values = new Map<string, string>()
  let open: CompletedFlag | undefined
  for (const word of words) {
    if (open) {
      values.set(open.name, word)
      open = undefined
      continue
    }
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/.exec(word) ?? []
    const [, char] = /^-(\w)$/.exec(word) ?? []
    const flag = Object.values(flags).find((one) => one.name === name || (char !== undefined && one.char === char))
    if (flag?.type === 'option') {
      if (value === undefined) open = flag
      else values.set(flag.name, value)
    } else if (!word.startsWith('-')) positionals.push(word)
  }
  return { open, positionals, values }
}

async function valuesOf(
  { name, options }: CompletedFlag,
  values: ReadonlyMap<string, string>,
  lookup: Lookup,
): Promise<readonly string[]> {
  if (options) return options
  const list = values.get('nodes')
  const ofNodes = async () => (list === undefined ? [] : (await lookup.nodes(list)).map((node) => `${node}=`))
  if (name === 'method') return [...(await lookup.methods()), ...(await ofNodes())]
  // NODE=FILE of audit.
  if (name === 'images') return ofNodes()
  return VALUES[name] ?? []
}

function flagNames({ flags }: CompletedCommand): string[] {
  return Object.values(flags)
    .filter(({ hidden }) => !hidden)
    .flatMap(({ name, allowNo }) => [`--${name}`, ...(allowNo ? [`--no-${name}`] : [])])
    .concat('--help')
}
