/** The module that everything starts from. It knows where each command is, where oclif would look into directories. */
export function start({ root, pjson, manifest, isOneFile }) {
  return {
    name: 'start',
    resolveId: (id) => (id === 'start' ? id : null),
    load: (id) =>
      id === 'start'
        ? startModule(root, Object.keys(manifest.commands)) + (isOneFile ? startAtOnce(pjson, manifest) : '')
        : null,
  }
}

/** What sets the environment right comes first; all that may look at it is loaded after that. */
function startModule(root, ids) {
  const commands = ids.map(
    (id) => `${JSON.stringify(id)}: () => import(${JSON.stringify(`${root}/src/commands/${id}.ts`)}),`,
  )
  return `
import '${root}/src/cli/take-color-flag.ts'
import '${root}/src/cli/assume-user.ts'

const COMMANDS = {
${commands.join('\n')}
}

export async function start(pjson, manifest) {
  const { main } = await import('${root}/src/cli/main.ts')
  const { knownCommands } = await import('${root}/src/cli/known-commands.ts')
  await main(pjson, { plugins: knownCommands(pjson, manifest, COMMANDS) })
}
`
}

function startAtOnce({ name, version, description, type, oclif }, manifest) {
  return `start(${JSON.stringify({ name, version, description, type, oclif })}, ${JSON.stringify(manifest)})\n`
}
