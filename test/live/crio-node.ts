import { execFile } from 'node:child_process'
import { cp, glob, mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { DEBIAN_ROOT, type Tool, tool, toolEnvironment } from '../support/debian.ts'
import { type NodeRuntime, PAUSE } from './containerd-node.ts'
import { REGISTRY } from './crio-signatures.ts'
import { findGoProgram } from './go-module.ts'
import { CACHE } from './programs.ts'

const run = promisify(execFile)
const VERSION = '1.34.0'

/**
 * A directory with CRI-O, built once, without the graph drivers of btrfs and the device mapper and without seccomp, which
 * need headers that are seldom there; `pinns`, a program in C, takes the machine's compiler.
 */
export function findCrio(): Promise<string> {
  return findGoProgram(CACHE, `crio-${VERSION}`, {
    title: 'CRI-O',
    module: 'github.com/cri-o/cri-o',
    version: VERSION,
    packages: ['cmd/crio'],
    tags: 'containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper',
    cgo: true,
    finish: async (source, directory) => {
      const sources = await Array.fromAsync(glob(join(source, 'pinns/src/*.c')))
      await run('cc', ['-std=c99', '-O2', '-o', join(directory, 'pinns'), ...sources])
    },
  })
}

/** CRI-O with Debian's conmon, runc and skopeo. */
export async function crioRuntime(): Promise<NodeRuntime> {
  const programs = await findCrio()
  return {
    install: async (directory) => {
      await mkdir(join(directory, 'usr/bin'), { recursive: true })
      for (const name of ['crio', 'pinns']) await cp(join(programs, name), join(directory, 'usr/bin', name))
      for (const name of ['conmon', 'runc', 'skopeo'] as const) await copyTool(name, directory)
      for (const [path, text] of Object.entries(FILES)) {
        await mkdir(dirname(join(directory, path)), { recursive: true })
        await writeFile(join(directory, path), text, { mode: 0o755 })
      }
    },
    command: 'crio',
    endpoint: '/run/crio/crio.sock',
    isUp: '[ -S /run/crio/crio.sock ]',
    takePause: (archive) => `skopeo copy --quiet oci-archive:${archive}:${PAUSE} containers-storage:${PAUSE}`,
  }
}

/** A program of Debian, with the libraries that this machine has not: containers of the node have no other way to them. */
async function copyTool(name: Tool, directory: string): Promise<void> {
  const program = tool(name)
  await cp(await realpath(program), join(directory, 'usr/bin', name))
  const { stdout } = await run('ldd', [program], { env: toolEnvironment() })
  for (const [, path = ''] of stdout.matchAll(/=> (\/\S+)/g)) {
    const place = relative(DEBIAN_ROOT, path)
    if (place.startsWith('..')) continue
    const to = join(directory, place.replace(/^lib\//, 'usr/lib/'))
    await mkdir(dirname(to), { recursive: true })
    await cp(await realpath(path), to)
  }
}

const FILES: Readonly<Record<string, string>> = {
  'etc/crio/crio.conf': `
[crio]
storage_driver = "overlay"
[crio.runtime]
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
default_runtime = "runc"
disable_hostport_mapping = true
hooks_dir = []
[crio.runtime.runtimes.runc]
runtime_path = "/usr/bin/runc-live"
[crio.image]
pause_image = "${PAUSE}"
pause_command = ""
[crio.network]
plugin_dirs = ["/opt/cni/bin"]
[crio.nri]
enable_nri = false
`,
  // Packages bring this directory. Where it is not there when CRI-O starts, CRI-O reads no pins later.
  'etc/crio/crio.conf.d/10-live.conf': '# nothing\n',
  // For machines whose root lacks CAP_SYS_RESOURCE, or that count no huge pages: containerd has settings for this.
  'usr/bin/runc-live': `#!/bin/sh
before=''
for word; do
  case $before in
    --bundle) file=$word/config.json ;;
    --process | -p) file=$word ;;
    *) file='' ;;
  esac
  [ -z "$file" ] || sed -i -e 's/"oomScoreAdj": *-[0-9]*/"oomScoreAdj":0/' -e 's/"hugepageLimits"/"left out"/' \\
    -e 's/CAP_SYS_RESOURCE/CAP_LEFT_OUT/g' "$file"
  before=$word
done
exec /usr/bin/runc "$@"
`,
  'etc/containers/storage.conf':
    '[storage]\ndriver = "overlay"\ngraphroot = "/var/lib/containers/storage"\nrunroot = "/run/containers/storage"\n',
  'etc/containers/policy.json': '{"default":[{"type":"insecureAcceptAnything"}]}\n',
  'etc/containers/registries.conf': `unqualified-search-registries = ["docker.io"]

[[registry]]
location = "${REGISTRY}"
insecure = true
`,
}
