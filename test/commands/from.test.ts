import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import type { CountingSource } from '../../src/bundle/lock/manifest-cache.ts'
import { withPlaces } from '../../src/bundle/lock/source-images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { archiveOf, dockerFiles, haulerEntries, layoutFiles, zarfEntries } from '../support/archive-maker.ts'
import { runCli } from '../support/cli.ts'
import { testWith, tool, toolEnvironment } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const blobs: Blobs = new Map()
let [app, other]: LockedImage[] = []

beforeAll(async () => {
  const layer = await makeLayer(blobs, { base: 'base' })
  const [one, two] = [makeImage(blobs, [layer]), makeImage(blobs, [layer], { command: ['/two'] })]
  app = lockImage('docker.io/library/app', 'local', one.manifest, [one])
  other = lockImage('docker.io/library/app', 'local', two.manifest, [two])
})

const POD = (image: string) =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
    spec: { containers: [{ name: 'c', image, imagePullPolicy: 'Never' }] },
  })

/** A directory with archives of `app:local`, as docker saves it, and of another image of that name, as hauler does. */
async function places() {
  const directory = await temporaryDirectory()
  const [docker, hauler, pod] = ['app.tar.gz', 'haul.tar', 'pod.yaml'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(docker, gzipSync(await archiveOf(dockerFiles([app!], blobs))))
  await writeFile(hauler, await archiveOf(layoutFiles(haulerEntries([other!]), blobs)))
  await writeFile(pod, POD('app:local'))
  return { directory, docker, hauler, pod, out: join(directory, 'out.tar') }
}

async function held(file: string) {
  const bundle = await openBundle(file)
  await bundle.close()
  return bundle.lock.images.map(({ names, platforms }) => ({
    names: names.filter((name) => !name.includes('@')),
    config: platforms[0]?.config.digest,
  }))
}

test('an image that only an archive has is bundled under the name that pods ask for, and no registry is asked', async () => {
  const { docker, pod, out } = await places()
  const { exitCode, stdout, stderr } = await runCli(['bundle', pod, '--from', docker, '--offline', '-o', out])
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toContain('1 image')
  expect(stderr).toContain(`taken from ${docker}: docker.io/library/app:local`)
  expect(stderr).toContain(`${docker}: a docker archive: it has tags and no digests of a registry`)
  expect(await held(out)).toEqual([
    { names: ['docker.io/library/app:local'], config: app!.platforms[0]!.config.digest },
  ])
  expect(await runCli(['verify', out])).toMatchObject({ exitCode: 0 })
})

test('of two places that have an image the first decides', async () => {
  const { docker, hauler, pod, directory } = await places()
  for (const [first, second, image] of [
    [docker, hauler, app],
    [hauler, docker, other],
  ] as const) {
    const out = join(directory, `${image!.target.digest.slice(7, 19)}.tar`)
    const { exitCode, stderr } = await runCli([
      'bundle',
      pod,
      '--from',
      first,
      '--from',
      second,
      '--offline',
      '-o',
      out,
    ])
    expect(exitCode, stderr).toBe(0)
    expect(await held(out)).toMatchObject([{ config: image!.platforms[0]!.config.digest }])
  }
})

test('without inputs the image of the second place that has the name of another is said to be left out', async () => {
  const { docker, hauler, out } = await places()
  const { exitCode, stdout } = await runCli([
    'bundle',
    '--from',
    hauler,
    '--from',
    docker,
    '--offline',
    '-o',
    out,
    '--json',
  ])
  expect(exitCode).toBe(0)
  const entries = [{ message: expect.stringMatching(/app\.tar\.gz: .*app:local: .*haul\.tar has another image/) }]
  expect(JSON.parse(stdout).omissions).toMatchObject([{ code: 'ARCHIVE_ENTRY_LEFT_OUT', entries }])
  expect(await held(out)).toMatchObject([{ config: other!.platforms[0]!.config.digest }])
})

test('without inputs everything that a place holds is taken, as it is there', async () => {
  const { hauler, out } = await places()
  const { exitCode, stderr } = await runCli(['bundle', '--from', hauler, '--offline', '-o', out])
  expect(exitCode, stderr).toBe(0)
  const bundle = await openBundle(out)
  await bundle.close()
  expect(bundle.lock.images.map(({ target, names }) => [target.digest, names])).toEqual([
    [other!.target.digest, other!.names],
  ])
})

test('a registry is asked only for what no place has; a digest is found under any name', async () => {
  const { hauler, directory, out } = await places()
  const registry = await MemoryRegistry.start()
  registry.addImage('team/web', '1', [Buffer.from('layer')])
  const file = join(directory, 'pods.yaml')
  const digest = other!.target.digest
  await writeFile(
    file,
    [POD('app:local'), POD(`${registry.host}/team/web:1`), POD(`quay.example/moved@${digest}`)].join('\n---\n'),
  )
  const { exitCode, stderr } = await runCli(['bundle', file, '--from', hauler, '-o', out])
  expect(exitCode, stderr).toBe(0)
  expect(
    registry.requests.filter((request) => !request.includes('/v2/team/web/') && !request.endsWith('/v2/')),
  ).toEqual([])
  expect((await held(out)).flatMap(({ names }) => names)).toEqual(
    [`${registry.host}/team/web:1`, 'docker.io/library/app:local'].sort(),
  )
  const names = JSON.parse((await runCli(['inspect', out, '--json'])).stdout).images.flatMap(
    (image: { names: string[] }) => image.names,
  )
  expect(names).toContain(`quay.example/moved@${digest}`)
})

const NEVER_ASKED = {} as CountingSource

test('offline, what no place has is said with the places, and nothing is written', async () => {
  const { hauler, directory, out } = await places()
  const file = join(directory, 'pods.yaml')
  await writeFile(file, POD('missing:1'))
  const { exitCode, stderr } = await runCli(['bundle', file, '--from', hauler, '--offline', '-o', out])
  expect(exitCode).toBe(3)
  expect(stderr).toContain(`docker.io/library/missing:1: in none of these places: ${hauler}`)
  const nowhere = withPlaces(NEVER_ASKED, [], { isOffline: true })
  await expect(nowhere.resolve(parseReference('missing:1'))).rejects.toMatchObject({
    message: 'no registry is asked, and no place is named that may have it',
  })
  expect(stderr).toContain('--from')
})

test('a lock from a place is filled from that place', async () => {
  const { docker, pod, directory, out } = await places()
  const lock = join(directory, 'x.lock')
  expect(await runCli(['lock', pod, '--from', docker, '--offline', '-o', lock])).toMatchObject({ exitCode: 0 })
  const filled = await runCli(['bundle', lock, '--from', docker, '--offline', '-o', out])
  expect(filled.exitCode, filled.stderr).toBe(0)
  const empty = await runCli(['bundle', lock, '--offline', '-o', join(directory, 'none.tar')])
  expect(empty).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('in none of') })
})

test('the one image of a place gets the name that is given to it: a tag alone, or none, is no name', async () => {
  const { directory, pod } = await places()
  const entry = (annotations: object) => ({ ...app!.target, annotations })
  for (const [at, annotations] of [{ 'org.opencontainers.image.ref.name': 'local' }, {}].entries()) {
    const [layout, out] = [join(directory, `${at}.tar`), join(directory, `${at}.out.tar`)]
    await writeFile(layout, await archiveOf(layoutFiles([entry(annotations)], blobs)))
    const unnamed = await runCli(['bundle', pod, '--from', layout, '--offline', '-o', out])
    expect(unnamed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--from NAME=FILE') })
    const { exitCode, stderr } = await runCli(['bundle', pod, '--from', `app:local=${layout}`, '--offline', '-o', out])
    expect(exitCode, stderr).toBe(0)
    expect(await held(out)).toMatchObject([{ names: ['docker.io/library/app:local'] }])
  }
  const odd = join(directory, 'a=b.tar')
  await writeFile(odd, await archiveOf(dockerFiles([app!], blobs)))
  expect(await runCli(['bundle', pod, '--from', odd, '--offline', '-o', join(directory, 'odd.tar')])).toMatchObject({
    exitCode: 0,
  })
  const both = join(directory, 'both.tar')
  await writeFile(
    both,
    await archiveOf(layoutFiles([...haulerEntries([app!]), entry({}), ...zarfEntries([other!])], blobs)),
  )
  const several = await runCli(['bundle', '--from', `app:local=${both}`, '-o', join(directory, 'x.tar')])
  expect(several).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('holds 2 images, and app:local names one'),
  })
})

test.for<[place: string, exitCode: number, message: string]>([
  ['docker-daemon:app:local', 3, 'docker-daemon: there is no docker on this machine'],
  ['containers-storage:app:local', 3, 'containers-storage: there is no podman on this machine'],
  ['containerd:app:local', 3, 'containerd: there is no ctr or k3s on this machine'],
  ['docker-daemon:-x', 2, 'not an image reference: "-x"'],
  ['docker-daemon:', 2, 'docker-daemon: names no image, and neither does anything else'],
  ['/nowhere/x.tar', 2, '/nowhere/x.tar: no such file or directory'],
])('%s where that is not there: said, with what to do', async ([place, exitCode, message]) => {
  const { out } = await places()
  const result = await runCli(['bundle', '--from', place, '-o', out], { env: { PATH: '/nowhere' } })
  expect(result).toMatchObject({ exitCode, stderr: expect.stringContaining(message) })
  expect(result.stderr).toContain('try: ')
})

testWith(['docker'])('a docker whose daemon does not run: its own words, and what to do', async () => {
  const { out } = await places()
  const { PATH = '' } = toolEnvironment()
  const env = { PATH: `${dirname(tool('docker'))}:${PATH}`, DOCKER_HOST: 'unix:///nowhere/docker.sock' }
  const { exitCode, stderr } = await runCli(['bundle', '--from', 'docker-daemon:app:local', '-o', out], { env })
  expect(exitCode).toBe(3)
  expect(stderr).toMatch(/docker-daemon: docker fails: .*(?:Cannot connect|Is the docker daemon running)/)
  expect(stderr).toContain('code: STORE_UNREADABLE')
})

test('seed of an archive says how nodes get a bundle of it', async () => {
  const { hauler, pod, directory } = await places()
  const out = join(directory, 'seed')
  const { stdout, stderr } = await runCli([
    'seed',
    hauler,
    pod,
    '--nodes',
    'examples/audit/nodes.json',
    '-o',
    out,
    '--sandbox-image',
    'registry.k8s.io/pause:3.9',
  ])
  const bundle = join(directory, 'haul.bundle.tar')
  expect(stdout, stderr).toContain(
    `1. nodeseed bundle --from ${hauler} -o ${bundle}\n  2. copy ${bundle} to /var/lib/nodeseed/haul.bundle.tar`,
  )
  const made = await runCli(['bundle', '--from', hauler, '--offline', '-o', bundle])
  expect(made.exitCode, made.stderr).toBe(0)
})
