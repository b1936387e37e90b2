// Makes release/nodeseed-linux-<arch>: the program and Node in one file, for machines that have no Node.
// Node's own binary comes from the `node` package, so this needs nothing but what npm ci installs; that of another
// architecture (--arch arm64) comes from the npm registry, or is named: --node FILE, of this very version.
import { execFileSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inject } from 'postject'
import { bundleProgram } from './program/bundle.js'
import { commandsManifest } from './program/manifest.js'
import { strip } from './program/strip.js'

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const root = join(import.meta.dirname, '..')
const work = join(root, 'dist/binary')
const { arch, node } = parseArgs({
  options: { arch: { type: 'string', default: process.arch }, node: { type: 'string' } },
}).values
const isForeign = arch !== process.arch
const output = join(root, `release/nodeseed-linux-${arch}`)

process.chdir(root)
const nodeFile = node ?? (isForeign ? undefined : process.execPath)
if (nodeFile && !readFileSync(nodeFile).includes(process.version)) {
  process.stderr.write(`${nodeFile}: not Node ${process.version}, for which the program is compiled here\n`)
  process.exit(3)
}
for (const directory of [work, join(root, 'release')]) mkdirSync(directory, { recursive: true })
const pjson = JSON.parse(readFileSync('package.json', 'utf8'))
const manifest = await commandsManifest(root, pjson)
await bundleProgram({ root, directory: work, pjson, manifest, isOneFile: true })
writeFileSync(join(work, 'sea.json'), JSON.stringify(seaConfig()))
execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
writeFileSync(output, strip(readFileSync(nodeFile ?? foreignNode())))
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

function seaConfig() {
  const source = globSync(
    'src/{seed/node-script/**/*.sh,audit/report/page/*,bundle/page/style/*,cli/pages/style/*}',
  ).map((file) => [file.slice('src/'.length), file])
  const examples = globSync('examples/demo/*').map((file) => [file, file])
  return {
    main: join(work, 'start.cjs'),
    output: join(work, 'sea.blob'),
    disableExperimentalSEAWarning: true,
    // Compiled code is for the machine that compiled it.
    useCodeCache: !isForeign,
    assets: { ...Object.fromEntries([...source, ...examples]), 'part-thread.cjs': join(work, 'part-thread.cjs') },
  }
}
