import { execFile } from 'node:child_process'
import { access, copyFile, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where programs are kept that were built once. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nodeseed-live')

const SERVERS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/**
 * A directory with the programs of a control plane and of a node: built once by Go, which takes half an hour of one
 * processor, 1.5 GB for Go's own caches and 150 MB for the programs, and kept outside of the repository.
 */
export async function findPrograms(version: string): Promise<string> {
  const base = CACHE
  const programs = join(base, `kubernetes-${version}`)
  const isThere = await access(join(programs, 'kubelet')).then(
    () => true,
    () => false,
  )
  if (isThere) return programs
  console.log(`# programs: building Kubernetes ${version} into ${programs}; half an hour, once`)
  const partial = `${programs}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(join(partial, 'cni'), { recursive: true })
  await unpackDebian(join(base, 'debian'), partial)
  await buildKubernetes(join(base, 'module'), version, join(partial, 'kubelet'))
  for (const name of SERVERS) await symlink('kubelet', join(partial, name))
  await rename(partial, programs)
  return programs
}

/** etcd and the plugins of the network, out of Debian's packages. */
async function unpackDebian(directory: string, programs: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  await run('apt-get', ['download', 'etcd-server', 'containernetworking-plugins'], { cwd: directory })
  await run('sh', ['-c', 'for one in *.deb; do dpkg -x "$one" root; done'], { cwd: directory })
  await copyFile(join(directory, 'root/usr/bin/etcd'), join(programs, 'etcd'))
  for (const name of ['bridge', 'host-local', 'loopback']) {
    await cp(join(directory, 'root/usr/lib/cni', name), join(programs, 'cni', name))
  }
}

/** One program that is each of the four by the name that it is called by. */
async function buildKubernetes(directory: string, version: string, output: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' }
  const go = (...args: string[]) => run('go', args, { cwd: directory, env, maxBuffer: 1 << 26 })
  const [major, minor] = version.split('.')
  const module = `k8s.io/kubernetes@v${version}`
  const { GoMod } = JSON.parse((await go('mod', 'download', '-json', module)).stdout) as { GoMod: string }
  const theirs = await readFile(GoMod, 'utf8')
  // Its own modules have no version there, only a directory of its repository.
  const own = [...theirs.matchAll(/^\s*(k8s\.io\/[\w-]+) v0\.0\.0$/gm)].map(([, name]) => name)
  const replaced = [...new Set(own)].map((name) => `replace ${name} => ${name} v0.${version.slice(2)}\n`)
  const language = /^go \S+$/m.exec(theirs)?.[0] ?? ''
  const head = `module live\n\n${language}\n\nrequire ${module.replace('@', ' ')}\n\n`
  await writeFile(join(directory, 'go.mod'), head + replaced.join(''))
  await writeFile(join(directory, 'main.go'), MAIN)
  const names = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor }
  const flags = Object.entries(names).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  await go('build', '-ldflags', ['-s -w', ...flags].join(' '), '-o', output, '.')
}

const MAIN = `package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	var command *cobra.Command
	switch filepath.Base(os.Args[0]) {
	case "kube-apiserver":
		command = apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		command = manager.NewControllerManagerCommand()
	case "kube-scheduler":
		command = scheduler.NewSchedulerCommand()
	default:
		command = kubelet.NewKubeletCommand(context.Background())
	}
	os.Exit(cli.Run(command))
}
`
