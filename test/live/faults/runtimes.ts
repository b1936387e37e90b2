import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startContainerd } from '../../support/containerd.ts'
import { runTool } from '../../support/debian.ts'
import { startDocker } from '../../support/dockerd.ts'
import { thisPlatform } from '../../support/image-maker.ts'
import { reach } from '../../support/node-script.ts'
import { smallDisk } from '../../support/small-disk.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

/** A runtime that images are brought into, with a disk of its own. */
export interface Runtime {
  /** Where it keeps images. */
  readonly disk: string
  /** What leads the script to it. */
  readonly args: readonly string[]
  readonly env: Record<string, string>
  /** What leads the script to one that is stopped: it is, or a node is described on which it does not run. */
  stopped(): Promise<readonly string[]>
  /** Brings in an image of another platform, of that name, from a bundle. */
  takeForeign(bundle: string, name: string): Promise<void>
  /** Brings in an image, of that name and manifest, and takes a part of it away again. */
  takeBroken(bundle: string, name: string, digest: string): Promise<void>
}

/** By the name that the table has for it: starts one with a disk of so many KiB. */
export const RUNTIMES: Readonly<Record<string, (kib: number) => Promise<Runtime>>> = {
  containerd: async (kib) => {
    const disk = await smallDisk(kib)
    const containerd = await startContainerd({ root: join(disk, 'root') })
    const { ctr } = containerd
    return {
      ...{ disk, args: reach(containerd), env: {} },
      stopped: async () => {
        await containerd.stop()
        return reach(containerd)
      },
      takeForeign: async (bundle) => void (await ctr('images', 'import', '--all-platforms', '--no-unpack', bundle)),
      takeBroken: async (bundle, _, digest) => {
        await ctr('images', 'import', '--platform', thisPlatform(), bundle)
        await ctr('content', 'rm', digest)
      },
    }
  },
  docker: async (kib) => {
    const disk = await smallDisk(kib)
    const { docker, program, stop } = await startDocker({ data: join(disk, 'data') })
    const args = ['--method', 'docker', '--ctr', program]
    return {
      ...{ disk, args, env: { NODESEED_BROUGHT: await temporaryDirectory() } },
      stopped: async () => {
        await stop()
        return args
      },
      takeForeign: async (bundle) => void (await docker('load', '--input', bundle)),
      takeBroken: async (bundle, name) => {
        await docker('load', '--input', bundle)
        const layer = await docker('image', 'inspect', '--format', '{{.GraphDriver.Data}}{{.Id}}', name)
        await rm(join(disk, 'data/image/vfs/imagedb/content/sha256', layer.trim().split('sha256:')[1] ?? ''))
      },
    }
  },
  podman: (kib) => inStorage(kib, 'podman', 'var/lib/kubelet/config.yaml'),
  'CRI-O': (kib) => inStorage(kib, 'cri-o', 'etc/crio/crio.conf'),
}

async function inStorage(kib: number, method: string, ofANode: string): Promise<Runtime> {
  const [disk, root] = [await smallDisk(kib), await temporaryDirectory()]
  const file = join(root, 'storage.conf')
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${disk}/graph"\nrunroot = "${root}/run"\n`)
  const env = { CONTAINERS_STORAGE_CONF: file, NODESEED_BROUGHT: await temporaryDirectory() }
  const copy = async (bundle: string, name: string, ...more: string[]) => {
    const [from, to] = [`oci-archive:${bundle}:${name}`, `containers-storage:${name}`]
    await runTool('skopeo', ['--insecure-policy', ...more, 'copy', '--quiet', from, to], { env })
  }
  return {
    ...{ disk, args: ['--method', method, '--root', root], env },
    stopped: async () => {
      const node = await temporaryDirectory()
      await runTool('busybox', ['mkdir', '-p', join(node, ofANode, '..')])
      await writeFile(join(node, ofANode), '')
      return ['--root', node]
    },
    takeForeign: (bundle, name) => copy(bundle, name, '--override-arch', 's390x'),
    takeBroken: async (bundle, name) => {
      await copy(bundle, name)
      await rm(join(disk, 'graph/vfs/dir'), { recursive: true })
    },
  }
}
