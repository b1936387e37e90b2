// Writes the reference of every command as Markdown to standard output, from what the commands say of themselves;
// `npm run reference` makes docs/commands.md of it.
import { readFileSync } from 'node:fs'
import { Config, settings } from '@oclif/core'

settings.enableAutoTranspile = false
const pkg = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const oclif = { ...pkg.oclif, commands: './src/commands', plugins: [] }
const root = new URL('..', import.meta.url).pathname
const config = await Config.load({ root, pjson: { ...pkg, oclif }, ignoreManifest: true })
const commands = config.commands.toSorted((a, b) => (a.id < b.id ? -1 : 1))

const parts = commands.map((command) =>
  [
    `## ${config.bin} ${command.id}`,
    command.summary,
    command.description,
    usage(command),
    options(command),
    examples(command),
  ]
    .filter(Boolean)
    .join('\n\n'),
)
process.stdout.write(
  `# Commands\n\nMade by npm run reference. Exit codes: 0 done, 1 bug, 2 input, 3 environment, 4 the answer is no.\n\n${parts.join('\n\n')}\n`,
)

function usage({ id, args, strict }) {
  const names = Object.values(args).map(({ name, required }) =>
    required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  )
  return `    ${config.bin} ${id} ${names.join(' ')}${strict ? '' : '...'}`.trimEnd()
}

function options({ args, flags }) {
  const rows = [
    ...Object.values(args).map(({ name, description }) => [name.toUpperCase(), description]),
    ...Object.values(flags)
      .filter((flag) => !flag.hidden)
      .map((flag) => [flagName(flag), describe(flag)]),
  ]
  const cells = rows.map(
    (row) => `| ${row.map((cell) => (cell ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`,
  )
  return ['| | |', '|---|---|', ...cells].join('\n')
}

function flagName({ name, char, type, helpValue, allowNo }) {
  const value = type === 'option' ? ` ${helpValue ?? name.toUpperCase()}` : ''
  return `\`${char ? `-${char}, ` : ''}--${allowNo ? '[no-]' : ''}${name}${value}\``
}

function describe({ description, summary, required, default: standard, env, options }) {
  const notes = [
    required && 'required',
    options && `one of ${options.join(', ')}`,
    typeof standard !== 'object' && standard !== undefined && standard !== false && `default ${standard}`,
    env && `or $${env}`,
  ].filter(Boolean)
  return `${summary ?? description ?? ''}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`
}

function examples({ id, examples: list }) {
  const lines = (list ?? []).map((example) => (typeof example === 'string' ? example : example.command))
  return lines
    .map((line) => `    ${line.replaceAll('<%= config.bin %>', config.bin).replaceAll('<%= command.id %>', id)}`)
    .join('\n')
}
