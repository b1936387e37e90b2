// Makes release/nodeseed-linux-<arch>: the program and Node in one file, for machines that have no Node.
// Node's own binary comes from the `node` package, so this needs nothing but what npm ci installs; that of another
// architecture (--arch arm64) comes from the npm registry, or is named: --node FILE, of this very version.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { inject } from 'postject'

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const root = join(import.meta.dirname, '..')
const work = join(root, 'dist/binary')
const { arch, node } = parseArgs({
  options: { arch: { type: 'string', default: process.arch }, node: { type: 'string' } },
}).values
const isForeign = arch !== process.arch
const output = join(root, `release/nodeseed-linux-${arch}`)

process.chdir(root)
for (const directory of [work, join(root, 'release')]) mkdirSync(directory, { recursive: true })
await bundle()
writeFileSync(join(work, 'sea.json'), JSON.stringify(seaConfig()))
execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
copyFileSync(node ?? (isForeign ? foreignNode() : process.execPath), output)
chmodSync(output, 0o755)
await inject(output, 'NODE_SEA_BLOB', readFileSync(join(work, 'sea.blob')), { sentinelFuse: FUSE })
rmSync(work, { recursive: true })
process.stdout.write(`${output}\n`)

/** Node of this version for the other architecture, out of the package in which the npm registry has it. */
function foreignNode() {
  const name = `node-linux-${arch}@${process.versions.node}`
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', work, name], { encoding: 'utf8' })
  execFileSync('tar', ['-xzf', join(work, packed.trim()), '-C', work, 'package/bin/node'])
  return join(work, 'package/bin/node')
}

/** One file of CommonJS, which is what a single executable starts from. */
async function bundle() {
  await build({
    stdin: { contents: entry(), resolveDir: root, loader: 'ts' },
    outfile: join(work, 'nodeseed.cjs'),
    bundle: true,
    platform: 'node',
    target: `node${process.versions.node.split('.')[0]}`,
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: { 'import.meta.url': 'programUrl' },
    banner: { js: 'const programUrl = require("node:url").pathToFileURL(process.execPath).href;' },
    logLevel: 'error',
  })
}

/** oclif looks for commands in directories; here they are all known. */
function entry() {
  const completion = './node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete'
  const commands = [
    ...globSync('src/commands/*.ts').map((file) => ({ id: basename(file, '.ts'), file: `./${file}` })),
    { id: 'autocomplete', file: `${completion}/index.js` },
    { id: 'autocomplete:create', file: `${completion}/create.js` },
    { id: 'autocomplete:script', file: `${completion}/script.js` },
  ]
  return `
import './src/cli/assume-user.ts'
${commands.map(({ file }, index) => `import C${index} from '${file}'`).join('\n')}
import { Plugin } from '@oclif/core'
import { main } from './src/cli/main.ts'
import pjson from './package.json'

const COMMANDS = { ${commands.map(({ id }, index) => `${JSON.stringify(id)}: C${index}`).join(', ')} }
const { plugins, ...oclif } = pjson.oclif

class OneFilePlugin extends Plugin {
  async getCommandIDs() {
    return Object.keys(COMMANDS)
  }
  async findCommand(id) {
    return Object.assign(COMMANDS[id], { id, plugin: this })
  }
}

async function run() {
  const plugin = new OneFilePlugin({ root: '/', pjson: { ...pjson, oclif }, isRoot: true, ignoreManifest: true })
  await plugin.load()
  await main({ ...pjson, oclif }, { plugins: new Map([[plugin.name, plugin]]) })
}
run()
`
}

function seaConfig() {
  const source = globSync('src/{seed/node-script/**/*.sh,audit/report/page/*}').map((file) => [
    file.slice('src/'.length),
    file,
  ])
  const examples = globSync('examples/demo/*').map((file) => [file, file])
  return {
    main: join(work, 'nodeseed.cjs'),
    output: join(work, 'sea.blob'),
    disableExperimentalSEAWarning: true,
    // Compiled code is for the machine that compiled it.
    useCodeCache: !isForeign,
    assets: Object.fromEntries([...source, ...examples]),
  }
}
