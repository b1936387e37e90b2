import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { renderNames } from '../../src/bundle/format/node-files.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { startServing } from '../server/serving.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith, tool, toolEnvironment } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import { reach, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { writeShop } from '../support/test-images.ts'

const run = promisify(execFile)

const CREDENTIALS = 'node:pa$$ word'

interface Registry {
  readonly images: LockedImage[]
  readonly host: string
  readonly directory: string
  /** The script's options that lead to it: address, authorities, credentials and the names to pull. */
  readonly options: string[]
}

/** The shop behind TLS with a certificate of its own, and a password. */
async function startRegistry(): Promise<Registry> {
  const { file, images } = await writeShop()
  const directory = await temporaryDirectory()
  const tls = join(directory, 'tls')
  const users = join(directory, 'users')
  await writeFile(users, `${CREDENTIALS}\n`)
  const { url } = await startServing(['--tls-dir', tls, '--users', users, file])
  const { host } = new URL(url)
  const auth = Buffer.from(CREDENTIALS).toString('base64')
  // As kubectl create secret docker-registry writes it.
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { [host]: { username: 'node', auth } } }))
  await writeFile(join(directory, 'names.txt'), renderNames({ version: 1, images }))
  const options = [
    ...['--from-registry', `https://${host}`, '--ca', join(tls, 'tls.crt')],
    ...['--auth-file', join(directory, 'config.json'), '--names', join(directory, 'names.txt')],
  ]
  return { images, host, directory, options }
}

testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })(
  'containerd pulls from a registry with a certificate of its own and a password',
  async () => {
    const { options, images } = await startRegistry()
    const containerd = await startContainerd()
    const without = (option: string) => options.filter((_, index) => ![0, 1].includes(index - options.indexOf(option)))
    for (const left of ['--ca', '--auth-file']) {
      const refused = await runNodeScript([...reach(containerd), ...without(left)])
      expect(refused, left).toMatchObject({ code: 4, report: { result: 'gap', missingCount: 4 } })
    }
    const seeded = await runNodeScript([...reach(containerd), ...options])
    expect(seeded, seeded.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
    for (const name of images.flatMap(({ names }) => names)) {
      expect(await containerd.cri.imageStatus(name), name).toBeDefined()
    }
  },
)

testWith(['skopeo', 'busybox'])('CRI-O: skopeo pulls both digests from such a registry', async () => {
  const { options, images, directory } = await startRegistry()
  const env = { CONTAINERS_STORAGE_CONF: await storageConfig(directory) }
  const seeded = await runNodeScript(['--method', 'cri-o', '--root', directory, ...options], { env })
  expect(seeded, seeded.stderr).toMatchObject({ code: 0, report: { result: 'seeded', runtime: 'cri-o' } })
  for (const { names, target, platforms } of images) {
    for (const name of names) {
      const { stdout } = await runTool('skopeo', ['inspect', '--raw', `containers-storage:${name}`], { env })
      expect(digestOf(stdout), name).toBe(name.includes('@') ? target.digest : platforms[0]?.manifest.digest)
    }
  }
})

testWith(['podman', 'busybox'], { root: true })('podman pulls from such a registry', async () => {
  const { options, images, directory } = await startRegistry()
  const podman = join(directory, 'podman')
  await writeFile(podman, `#!/bin/sh\nexec ${tool('podman')} --tmpdir ${directory}/tmp "$@"\n`)
  await chmod(podman, 0o755)
  const env = { CONTAINERS_STORAGE_CONF: await storageConfig(directory) }
  const seeded = await runNodeScript(['--method', 'podman', '--ctr', podman, ...options], { env })
  expect(seeded, seeded.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
  for (const name of images.flatMap(({ names }) => names)) {
    await run(podman, ['image', 'exists', name], { env: toolEnvironment(env) })
  }
})

testWith(['docker', 'dockerd', 'containerd', 'busybox'], { root: true })('docker pulls from a registry', async () => {
  const { options, images, host, directory } = await startRegistry()
  const docker = await startDocker()
  const root = join(directory, 'root')
  const seeded = await runNodeScript(['--method', 'docker', '--ctr', docker.program, '--root', root, ...options])
  expect(seeded, seeded.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
  const listed = await docker.docker('images', '--format', '{{.Repository}}:{{.Tag}}')
  expect(listed.trim().split('\n').sort()).toEqual(['registry.example:5000/team/job:2.0', 'web:1'])
  for (const { names, platforms } of images) {
    const id = await docker.docker('image', 'inspect', '--format', '{{.Id}}', names[0] ?? '')
    expect(id.trim()).toBe(platforms[0]?.config.digest)
  }
  // dockerd takes loopback registries without looking at certificates; elsewhere it reads this file of the host.
  expect(await readFile(join(root, 'etc/docker/certs.d', host, 'nodeseed.crt'), 'utf8')).toContain('BEGIN CERTIFICATE')
})

/** A containers-storage of the test's own, without the need for any mount. */
async function storageConfig(directory: string): Promise<string> {
  const file = join(directory, 'storage.conf')
  await mkdir(join(directory, 'graph'))
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${directory}/graph"\nrunroot = "${directory}/run"\n`)
  return file
}
