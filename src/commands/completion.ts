import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { type CompletedCommand, candidates, type Lookup } from '../cli/completion/candidates.ts'
import { SHELL_SCRIPTS } from '../cli/completion/shell-scripts.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { ExpectedError } from '../errors.ts'
import { listNames } from '../plural.ts'

export default class Completion extends BaseCommand {
  static override summary = 'print what a shell needs to complete commands, flags, values, files, node names and images'
  static override description =
    paragraph(`For bash: nodeseed completion bash > ~/.local/share/bash-completion/completions/nodeseed.
For zsh: write what nodeseed completion zsh prints to a file _nodeseed in a directory of $fpath. For fish: nodeseed
completion fish > ~/.config/fish/completions/nodeseed.fish. Names of nodes come from the file that --nodes names on the
same line, names of images from the bundle.`)
  static override examples = ['<%= config.bin %> <%= command.id %> bash', '<%= config.bin %> <%= command.id %> fish']
  static override strict = false
  static override args = { shell: Args.string({ description: 'bash, zsh or fish' }) }
  static override flags = {
    words: Flags.boolean({
      description: 'complete these words, one answer a line: what the shells call',
      hidden: true,
    }),
  }

  async run(): Promise<{ script: string } | { candidates: string[] }> {
    const { argv, flags } = await this.parse(Completion)
    const words = argv as string[]
    if (flags.words) {
      const found = await candidates(words, this.config.commands as unknown as CompletedCommand[], LOOKUP)
      if (found.length > 0) this.log(found.join('\n'))
      return { candidates: found }
    }
    const [shell = '', ...others] = words
    const script = others.length > 0 ? undefined : SHELL_SCRIPTS[shell]
    if (script === undefined) {
      const shells = listNames(Object.keys(SHELL_SCRIPTS))
      throw new ExpectedError('USAGE', `nodeseed completion: "${words.join(' ')}" is none of ${shells}`, {
        hint: 'See what it takes: nodeseed completion --help',
      })
    }
    this.log(script.trimEnd())
    return { script }
  }
}

/** Each is loaded when a word asks for it: completion is waited for at every key. What cannot be read proposes nothing. */
const LOOKUP: Lookup = {
  nodes: (file) =>
    orNone(async () => {
      const [{ readNodesFile }, { nameOfNode }] = await Promise.all([
        import('../cli/files/nodes-file.ts'),
        import('../kubernetes/objects/node.ts'),
      ])
      return (await readNodesFile(file)).map(nameOfNode)
    }),
  images: (file) =>
    orNone(async () => {
      const { openImages } = await import('../cli/bundles/trusted-bundle.ts')
      const content = await openImages(file, {})
      await content.close()
      return content.lock.images.flatMap(({ names }) => names)
    }),
  codes: async () => (await import('../explanation.ts')).allExplanations().map(({ code }) => code),
  methods: async () => (await import('../seed/methods/methods.ts')).METHODS.map(({ name }) => name),
}

async function orNone(find: () => Promise<readonly string[]>): Promise<readonly string[]> {
  return find().catch(() => [])
}
