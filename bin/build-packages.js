// Makes release/nodeseed_<version>_<arch>.deb and release/nodeseed-<version>-1.<arch>.rpm of the single executables: the
// program, completion for the shells, licences. Executables that are not in release/ are built first.
//   npm run build:packages -- [--arch x64] [--arch arm64] [--format deb] [--format rpm] [--compression xz] [--into DIR]
// Compression is xz, 35 s for each package, or gzip, zstd, none.
// nfpm makes them: the one in NFPM or on PATH, else one that Go fetches and builds.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { SHELL_SCRIPTS } from '../src/cli/completion/shell-scripts.ts'

// The newest whose modules the Go proxy has all.
const NFPM = 'github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4'
const GO_ARCH = { x64: 'amd64', arm64: 'arm64' }
const COMPLETIONS = {
  bash: '/usr/share/bash-completion/completions/nodeseed',
  zsh: { deb: '/usr/share/zsh/vendor-completions/_nodeseed', rpm: '/usr/share/zsh/site-functions/_nodeseed' },
  fish: '/usr/share/fish/vendor_completions.d/nodeseed.fish',
}
const DEPENDS = {
  deb: ['libc6 (>= 2.28)', 'libstdc++6', 'libgcc-s1 | libgcc1'],
  rpm: ['glibc >= 2.28', 'libstdc++', 'libgcc'],
}
const root = join(import.meta.dirname, '..')
const work = join(root, 'dist/packages')
const { arch, format, compression, into } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true, default: [process.arch] },
    format: { type: 'string', multiple: true, default: ['deb', 'rpm'] },
    compression: { type: 'string', default: 'xz' },
    into: { type: 'string', default: 'release' },
  },
}).values

process.chdir(root)
mkdirSync(work, { recursive: true })
const { name, version, description: does, license, author, homepage } = JSON.parse(readFileSync('package.json', 'utf8'))
for (const one of arch) {
  const program = join(root, `release/nodeseed-linux-${one}`)
  if (!existsSync(program)) run(process.execPath, ['bin/build-binary.js', '--arch', one])
  for (const kind of format) {
    const config = join(work, `${one}-${kind}.json`)
    writeFileSync(config, JSON.stringify(configOf(one, kind, program)))
    nfpm(['package', '--config', config, '--packager', kind, '--target', into])
  }
}
rmSync(work, { recursive: true })

function configOf(one, kind, program) {
  const completions = Object.entries(COMPLETIONS).map(([shell, place]) => {
    const file = join(work, shell)
    writeFileSync(file, SHELL_SCRIPTS[shell])
    return { src: file, dst: place[kind] ?? place, file_info: { mode: 0o644 } }
  })
  const description = `Kubernetes workloads where there is no internet\n${does}.`
  return {
    ...{ name, version, description, license, homepage, vendor: author, arch: GO_ARCH[one] },
    ...{ maintainer: `${author} <${homepage}>`, section: 'admin', priority: 'optional', depends: DEPENDS[kind] },
    contents: [
      { src: program, dst: '/usr/bin/nodeseed', file_info: { mode: 0o755 } },
      ...completions,
      { src: 'LICENSE', dst: '/usr/share/doc/nodeseed/copyright', file_info: { mode: 0o644 } },
      { src: 'dist/licences.txt', dst: '/usr/share/doc/nodeseed/licences.txt', file_info: { mode: 0o644 } },
      { src: 'CHANGELOG.md', dst: '/usr/share/doc/nodeseed/CHANGELOG.md', file_info: { mode: 0o644 } },
    ],
    deb: { compression },
    // An rpm is always compressed.
    rpm: { compression: compression === 'none' ? 'zstd:fastest' : compression },
  }
}

function nfpm(args) {
  const named = process.env.NFPM ?? onPath('nfpm')
  if (named) run(named, args)
  else run('go', ['run', NFPM, ...args])
}

function onPath(program) {
  const directories = (process.env.PATH ?? '').split(delimiter)
  return directories.map((directory) => join(directory, program)).find(existsSync)
}

function run(program, args) {
  // The same files give the same package, whenever it is made.
  const time = process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' })
  execFileSync(program, args, { stdio: 'inherit', env: { ...process.env, SOURCE_DATE_EPOCH: time.trim() } })
}
