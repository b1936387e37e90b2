// Makes dist/ from src/, and the manifest of the commands that spares every start from loading them all.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleProgram } from './program/bundle.js'
import { commandsManifest } from './program/manifest.js'

const root = join(import.meta.dirname, '..')

process.chdir(root)
rmSync('dist', { recursive: true, force: true })
for (const assets of ['seed/node-script', 'audit/report/page', 'bundle/page/style', 'cli/pages/style']) {
  cpSync(join('src', assets), join('dist', assets), { recursive: true })
}
const pjson = JSON.parse(readFileSync('package.json', 'utf8'))
const manifest = await commandsManifest(root, pjson)
const licences = await bundleProgram({ root, directory: 'dist/program', pjson, manifest })
writeFileSync('dist/licences.txt', licences)
writeFileSync('oclif.manifest.json', JSON.stringify(manifest))
