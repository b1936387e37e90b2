// Makes dist/ from src/, and the manifest of the commands that spares every start from loading them all.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Plugin, settings } from '@oclif/core'

const root = join(import.meta.dirname, '..')

process.chdir(root)
rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const assets of ['seed/node-script', 'audit/report/page']) {
  cpSync(join('src', assets), join('dist', assets), { recursive: true })
}

settings.enableAutoTranspile = false
const pjson = JSON.parse(readFileSync('package.json', 'utf8'))
const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true })
await plugin.load()
writeFileSync('oclif.manifest.json', JSON.stringify(plugin.manifest))
