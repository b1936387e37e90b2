import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts'
import { ImageBuilder } from '../support/images.ts'
import { checkSchema } from '../support/schemas.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startTokenServer, type TokenServer } from '../support/token-server.ts'

const withRegistry = testWith(['docker-registry', 'umoci', 'skopeo', 'openssl'])

const USER = { username: 'robot$ci', password: 'with:colon' }
/** `robot$ci` and `with:colon`, as `htpasswd -B` writes them. */
const HTPASSWD = 'robot$ci:$2y$04$jpwLX9.OpzkZsOrMGCqdzuCXLsWfnrkDm6IdmzN6wFsW5pHGAzgkO\n'

let directory: string
let open: DockerRegistry
let basic: DockerRegistry
let bearer: DockerRegistry
let tokens: TokenServer
let app: Descriptor

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  const storage = join(directory, 'registry')
  await mkdir(storage)
  await writeFile(join(directory, 'htpasswd'), HTPASSWD)
  tokens = await startTokenServer(directory, USER)
  open = await startDockerRegistry(storage)
  basic = await startDockerRegistry(storage, { htpasswd: join(directory, 'htpasswd') })
  bearer = await startDockerRegistry(storage, { token: tokens })
  const builder = await ImageBuilder.create(directory)
  await builder.image('app', [await builder.layer('etc/app', 'app')])
  app = await builder.push('app', `${open.host}/team/app:1`)
  await builder.push('app', `${open.host}/team/other:1`)
})

afterAll(async () => {
  await Promise.all([open, basic, bearer, tokens].map((server) => server?.stop()))
  await rm(directory, { recursive: true, force: true })
})

async function dockerConfig(auths: object): Promise<Record<string, string>> {
  const path = await temporaryDirectory()
  await writeFile(join(path, 'config.json'), JSON.stringify({ auths }))
  return { DOCKER_CONFIG: path }
}

const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64')

withRegistry('a lock fixes a tag to the digest that the registry has', async () => {
  const out = join(await temporaryDirectory(), 'nodeseed.lock')
  const { exitCode, stdout, stderr } = await runCli(['lock', '--image', `${open.host}/team/app:1`, '-o', out])
  expect(exitCode).toBe(0)
  expect(stdout).toBe(`${out}: 1 image\n`)
  expect(stderr).toContain('platform: linux/amd64 (choose others with --platform or --nodes)')
  const lock = JSON.parse(await readFile(out, 'utf8')) as Lock
  expect(lock.images).toEqual([
    {
      reference: `${open.host}/team/app:1`,
      names: [`${open.host}/team/app:1`, `${open.host}/team/app@${app.digest}`],
      target: app,
      platforms: [expect.objectContaining({ platform: { os: 'linux', architecture: 'amd64' }, manifest: app })],
      firstSeen: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:]{8}Z$/),
    },
  ])
})

withRegistry('a lock is an input: the bundle holds what it says although the tag has moved', async () => {
  const directory = await temporaryDirectory()
  const [lock, out] = [join(directory, 'nodeseed.lock'), join(directory, 'out.tar')]
  await runCli(['lock', '--image', `${open.host}/team/app:1`, '-o', lock])
  const text = await readFile(lock, 'utf8')
  await writeFile(lock, text.replaceAll('team/app:1', 'team/app:moved'))
  expect(await runCli(['bundle', lock, '-o', out])).toMatchObject({ exitCode: 0 })
  const { stdout } = await runCli(['inspect', out, '--json'])
  expect(JSON.parse(stdout).images).toMatchObject([{ reference: `${open.host}/team/app:moved`, digest: app.digest }])
})

withRegistry('Basic: the user of docker config.json is let in, nobody else', async () => {
  const out = join(await temporaryDirectory(), 'out.tar')
  const args = ['bundle', '--image', `${basic.host}/team/app:1`, '-o', out]
  const stranger = await runCli(args, { env: await dockerConfig({}) })
  expect(stranger).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`docker login ${basic.host}`) })
  const known = await runCli(args, { env: await dockerConfig({ [basic.host]: { auth } }) })
  expect(known).toMatchObject({ exitCode: 0 })
  expect(`${stranger.stderr}${known.stderr}`).not.toContain(USER.password)
})

withRegistry('Bearer: one token a repository, asked for with the credentials of the registry', async () => {
  const out = join(await temporaryDirectory(), 'out.tar')
  const images = ['app', 'other'].flatMap((name) => ['--image', `${bearer.host}/team/${name}:1`])
  const args = ['bundle', ...images, '-o', out]
  const stranger = await runCli(args, { env: await dockerConfig({}) })
  expect(stranger).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('asks for credentials') })
  tokens.requests.length = 0
  const known = await runCli(args, { env: await dockerConfig({ [`http://${bearer.host}/v2/`]: { auth } }) })
  expect(known).toMatchObject({ exitCode: 0 })
  const asked = tokens.requests.flatMap(({ scopes }) => scopes).sort()
  expect(asked).toEqual(['repository:team/app:pull', 'repository:team/other:pull'])
})

withRegistry('a mirror is asked first, under its own path and with its own credentials', async () => {
  const out = join(await temporaryDirectory(), 'out.tar')
  const env = await dockerConfig({ [basic.host]: { auth } })
  const image = `registry.invalid/app@${app.digest}`
  const args = ['bundle', '--image', image, '--mirror', `registry.invalid=${basic.host}/team`, '-o', out]
  expect(await runCli(args, { env })).toMatchObject({ exitCode: 0 })
  const { stdout } = await runCli(['inspect', out, '--json'])
  expect(JSON.parse(stdout).images).toMatchObject([{ names: [image], digest: app.digest }])
})

withRegistry('the platforms of a node list are taken', async () => {
  const directory = await temporaryDirectory()
  const nodes = join(directory, 'nodes.json')
  const status = { nodeInfo: { architecture: 'arm64', operatingSystem: 'linux' } }
  await writeFile(nodes, JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status }))
  const args = ['lock', '--image', `${open.host}/team/app:1`, '--nodes', nodes, '-o', join(directory, 'out.lock')]
  const { exitCode, stderr } = await runCli(args)
  expect(stderr).toContain('is not made for linux/arm64; it has linux/amd64')
  expect(exitCode).toBe(3)
})

test('nothing is locked or bundled while an input cannot be read: its images would be missing unnoticed', async () => {
  const path = await temporaryDirectory()
  await writeFile(join(path, 'a-good.yaml'), 'kind: Pod\nspec: {containers: [{image: "127.0.0.1:1/a:1"}]}\n')
  await writeFile(join(path, 'b-bad.yaml'), 'spec: [containers\n')
  for (const command of ['lock', 'bundle']) {
    const out = join(path, command)
    const { exitCode, stderr } = await runCli([command, path, '-o', out])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('b-bad.yaml:1: not readable')
    expect(existsSync(out)).toBe(false)
  }
})

withRegistry('--check says which tags have moved also where others cannot be asked about', async () => {
  const cwd = await temporaryDirectory()
  const target = { ...app, digest: `sha256:${'a'.repeat(64)}` }
  const names = ['team/app:1', 'team/none:1'].map((path) => `${open.host}/${path}`)
  const images = names.map((reference) => ({ reference, names: [reference], target, platforms: [] }))
  await writeFile(join(cwd, 'some.lock'), JSON.stringify({ version: 1, images }))
  const { exitCode, stdout, stderr } = await runCli(['lock', '--check', 'some.lock'], { cwd })
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: `~ ${names[0]} ${target.digest} -> ${app.digest}\n` })
  expect(stderr).toContain('error: 1 of 2 images could not be asked about\n')
  expect(stderr).toContain('try: Fix the errors above and check again; of the others, 1 tag moved.')
  const { stdout: json } = await runCli(['lock', '--check', 'some.lock', '--json'], { cwd })
  const failed = JSON.parse(json)
  checkSchema('error', failed)
  expect(failed).toMatchObject({
    moved: [{ reference: names[0], to: app.digest }],
    failures: [{ reference: names[1] }],
  })
})

test('--check refuses what no lock has fixed, since that could never have moved', async () => {
  const file = join(await temporaryDirectory(), 'pod.yaml')
  await writeFile(file, 'kind: Pod\nspec: {containers: [{image: "127.0.0.1:1/a:1"}]}\n')
  const { exitCode, stdout, stderr } = await runCli(['lock', file, '--check'])
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toContain('127.0.0.1:1/a:1 is in none')
})

test.for(['copy.txt', 'copy.yaml', '-'])('a lock fixes digests under whatever name: %s', async (input) => {
  const cwd = await temporaryDirectory()
  const target = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${'a'.repeat(64)}`,
    size: 3,
  }
  const reference = '127.0.0.1:1/a:1'
  const lock = JSON.stringify({ version: 1, images: [{ reference, names: [reference], target, platforms: [] }] })
  if (input !== '-') await writeFile(join(cwd, input), lock)
  const { exitCode, stderr } = await runCli(['lock', input, '-o', 'out.lock'], { cwd, input: lock })
  if (input === '-') {
    expect(exitCode).toBe(2)
    expect(stderr).toContain('<stdin>: a lock, which is read from a file')
  } else {
    expect(exitCode).toBe(0)
    expect(JSON.parse(await readFile(join(cwd, 'out.lock'), 'utf8')).images[0].target).toEqual(target)
  }
})
