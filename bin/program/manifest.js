import { Plugin, settings } from '@oclif/core'

/** What the commands say of themselves: flags, arguments, texts. With it, no start has to load them all. */
export async function commandsManifest(root, pjson) {
  settings.enableAutoTranspile = false
  const options = { root, ignoreManifest: true, errorOnManifestCreate: true }
  const own = new Plugin({
    ...options,
    isRoot: true,
    pjson: { ...pjson, oclif: { ...pjson.oclif, commands: './src/commands' } },
  })
  await own.load()
  const commands = {}
  for (const [id, { relativePath, isESM, ...command }] of Object.entries(own.manifest.commands)) commands[id] = command
  return { commands, version: pjson.version }
}
