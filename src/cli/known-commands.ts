import type { Command, Interfaces } from '@oclif/core'

/** How each command is loaded, by its id. */
type CommandLoaders = Readonly<Record<string, () => Promise<{ readonly default: Command.Class }>>>

/**
 * The program as the one plugin of itself, by its name: oclif looks nothing up in directories. What the commands say of
 * themselves stands in the manifest; a command is loaded when it runs.
 */
export function knownCommands(
  pjson: Interfaces.PJSON,
  manifest: Interfaces.Manifest,
  loaders: CommandLoaders,
): Map<string, Interfaces.Plugin> {
  const { name, version } = pjson
  const findCommand = async (id: string): Promise<Command.Class> =>
    Object.assign((await loaders[id]!()).default, { id, plugin })
  const plugin: Interfaces.Plugin = {
    _base: '',
    alias: name,
    name,
    version,
    pjson,
    root: '/',
    type: 'core',
    moduleType: 'commonjs',
    isRoot: true,
    valid: true,
    hasManifest: true,
    options: { root: '/' },
    hooks: {},
    topics: [],
    commandsDir: undefined,
    commandIDs: Object.keys(manifest.commands),
    commands: Object.values(manifest.commands).map((command) => ({
      ...command,
      pluginAlias: name,
      pluginType: 'core',
      load: () => findCommand(command.id),
    })),
    findCommand,
    load: async () => {},
  }
  return new Map([[name, plugin]])
}
