import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { WritableRegistry } from '../support/writable-registry.ts'

const [base, old, added] = [randomBytes(300_000), randomBytes(200_000), randomBytes(100_000)]

let registry: MemoryRegistry
let directory: string
let image: string

const at = (name: string) => join(directory, name)

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(args)
  expect(exitCode, stderr).toBe(0)
  return stdout
}

/** `may.tar` and `may.lock` as it was; then the tag moves, and `june.tar` is what a full bundle holds now. */
beforeEach(async () => {
  registry = await MemoryRegistry.start()
  directory = await temporaryDirectory()
  image = `${registry.host}/app:1`
  registry.addImage('app', '1', [base, old])
  await ok('bundle', '--image', image, '-o', at('may.tar'))
  await ok('lock', '--image', image, '-o', at('may.lock'))
  registry.addImage('app', '1', [base, added])
  await ok('bundle', '--image', image, '-o', at('june.tar'))
  registry.requests.length = 0
})

test('a delta leaves out what the receiver has, says so inside, and becomes the full bundle with its base', async () => {
  const made = await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))
  expect(made).toContain('a delta: its receiver has 1 blob with 300 kB already')
  expect(registry.requests.filter((request) => request.includes(digestOf(base)))).toEqual([])
  expect(await ok('verify', at('delta.tar'))).toContain('every byte is as its digest says')
  const inspected = JSON.parse(await ok('inspect', at('delta.tar'), '--json'))
  expect(inspected.requires).toEqual([{ digest: digestOf(base), size: base.length, from: `${registry.host}/app` }])
  expect((await readFile(at('delta.tar'))).length).toBeLessThan(base.length)

  await ok('merge', at('may.tar'), at('delta.tar'), '-o', at('merged.tar'))
  expect((await readFile(at('merged.tar'))).equals(await readFile(at('june.tar')))).toBe(true)
})

test.for([
  ['may.lock', true],
  ['content.txt', false],
] as const)('a delta since %s leaves out the same', async ([since, knowsRepositories]) => {
  await writeFile(at('content.txt'), `DIGEST\tSIZE\tAGE\n${digestOf(base)}\t300kB\t3 days\n`)
  await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))
  await ok('bundle', '--image', image, '--since', at(since), '-o', at('other.tar'))
  // A list of digests does not say where they are from.
  expect((await readFile(at('other.tar'))).equals(await readFile(at('delta.tar')))).toBe(knowsRepositories)
  const requires = async (file: string) => JSON.parse(await ok('inspect', at(file), '--json')).requires
  expect((await requires('other.tar')).map(withoutHome)).toEqual((await requires('delta.tar')).map(withoutHome))
})

const withoutHome = ({ from: _from, ...blob }: { from?: string }) => blob

testWith(['docker-registry'])(
  'a delta of another repository is pushed onto its base: what it leaves out is mounted',
  async () => {
    registry.addImage('zzz', '1', [base, old])
    registry.addImage('aaa', '1', [base, added])
    const [first, second] = ['zzz', 'aaa'].map((name) => `${registry.host}/${name}:1`) as [string, string]
    await ok('bundle', '--image', first, '-o', at('zzz.tar'))
    await ok('bundle', '--image', second, '--since', at('zzz.tar'), '-o', at('aaa.tar'))
    for (const rewrite of [[], ['--rewrite', 'mirror']]) {
      await mkdir(at(`registry${rewrite.length}`))
      const target = await startDockerRegistry(at(`registry${rewrite.length}`))
      onTestFinished(() => target.stop())
      const early = await runCli(['push', at('aaa.tar'), target.host, ...rewrite])
      expect(early).toMatchObject({
        exitCode: 3,
        stderr: expect.stringMatching(/neither the bundle nor \S+\/aaa nor \S+\/zzz has blob/),
      })
      await ok('push', at('zzz.tar'), target.host, ...rewrite)
      const pushed = JSON.parse(await ok('push', at('aaa.tar'), target.host, ...rewrite, '--json'))
      expect(pushed.blobs).toMatchObject({ mounted: 1 })
    }
  },
)

test('a registry that mounts nothing is told from one without the base: what helps is said', async () => {
  registry.addImage('zzz', '1', [base, old])
  registry.addImage('aaa', '1', [base, added])
  await ok('bundle', '--image', `${registry.host}/zzz:1`, '-o', at('zzz.tar'))
  await ok('bundle', '--image', `${registry.host}/aaa:1`, '--since', at('zzz.tar'), '-o', at('aaa.tar'))
  const target = await WritableRegistry.start()
  target.misbehave = ({ url }, response) => url?.includes('mount=') && response.writeHead(403).end()
  await ok('push', at('zzz.tar'), target.host)
  const pushed = await runCli(['push', at('aaa.tar'), target.host, '--retries', '0'])
  expect(pushed).toMatchObject({
    exitCode: 3,
    stderr: expect.stringMatching(/is in \S+\/zzz, and the registry does not give it to \S+\/aaa/),
  })
  expect(pushed.stderr).toContain('with --base FILE, which sends it again; or merge the two')
  await ok('push', at('aaa.tar'), target.host, '--base', at('zzz.tar'))
})

test('since several, a delta leaves out what any of them has, and all together make the whole again', async () => {
  const more = [base, Buffer.from('of the tools alone'), added]
  registry.addImage('tools', '1', more.slice(0, 2))
  await ok('bundle', '--image', `${registry.host}/tools:1`, '-o', at('tools.tar'))
  registry.addImage('app', '2', more)
  const wanted = ['--image', `${registry.host}/app:2`]
  await ok('bundle', ...wanted, '-o', at('whole.tar'))
  await ok('bundle', ...wanted, '--since', at('may.tar'), '--since', at('tools.tar'), '-o', at('delta.tar'))
  const { requires } = JSON.parse(await ok('inspect', at('delta.tar'), '--json'))
  expect(requires.map(({ digest }: { digest: string }) => digest)).toEqual(more.slice(0, 2).map((one) => digestOf(one)))
  await ok('merge', at('may.tar'), at('tools.tar'), at('delta.tar'), '--only', at('whole.tar'), '-o', at('again.tar'))
  await ok('verify', at('again.tar'))
})

test('a merge without the base of a delta says which blob it lacks', async () => {
  await ok('bundle', '--image', image, '--since', at('may.tar'), '-o', at('delta.tar'))
  const { exitCode, stderr } = await runCli(['merge', at('delta.tar'), '-o', at('merged.tar')])
  expect(stderr).toContain(`blob ${digestOf(base)} is in none of the bundles`)
  expect(exitCode).toBe(3)
})

test('merged bundles hold the images of all; a moved tag is that of the later one', async () => {
  registry.addImage('other', '2', [old])
  await ok('bundle', '--image', `${registry.host}/other:2`, '-o', at('other.tar'))
  await ok('merge', at('may.tar'), at('other.tar'), at('june.tar'), '-o', at('all.tar'))
  await ok('verify', at('all.tar'))
  const { images } = JSON.parse(await ok('inspect', at('all.tar'), '--json'))
  const june = JSON.parse(await ok('inspect', at('june.tar'), '--json')).images
  expect(images.map(({ reference }: { reference: string }) => reference)).toEqual([image, `${registry.host}/other:2`])
  expect(images[0]).toEqual(june[0])
})

test('what the lock of a delta no longer has is let go, and said; --keep-all keeps it, --only takes a lock', async () => {
  registry.addImage('gone', '1', [old])
  registry.addImage('new', '1', [added])
  const [gone, fresh] = ['gone', 'new'].map((name) => `${registry.host}/${name}:1`) as [string, string]
  await ok('bundle', '--image', image, '--image', gone, '-o', at('base.tar'))
  await ok('lock', '--image', image, '--image', fresh, '-o', at('next.lock'))
  await ok('bundle', at('next.lock'), '--since', at('base.tar'), '-o', at('next-delta.tar'))
  const referencesIn = async (file: string) =>
    JSON.parse(await ok('inspect', at(file), '--json')).images.map(({ reference }: { reference: string }) => reference)

  const merged = await ok('merge', at('base.tar'), at('next-delta.tar'), '-o', at('next.tar'), '--json')
  expect(await referencesIn('next.tar')).toEqual([image, fresh])
  const { letGo } = JSON.parse(merged)
  expect(letGo.map(({ name }: { name: string }) => name)).toEqual([gone, expect.stringContaining('/gone@sha256:')])
  expect(await ok('merge', at('base.tar'), at('next-delta.tar'), '-o', at('again.tar'))).toContain(`- ${gone} sha256:`)
  await ok('bundle', at('next.lock'), '-o', at('whole.tar'))
  expect((await readFile(at('next.tar'))).equals(await readFile(at('whole.tar')))).toBe(true)

  await ok('merge', at('base.tar'), at('next-delta.tar'), '--keep-all', '-o', at('all.tar'))
  expect(await referencesIn('all.tar')).toEqual([image, gone, fresh].sort())
  // Whole bundles let nothing go, unless a lock says what there is to be.
  await ok('merge', at('base.tar'), at('whole.tar'), '-o', at('both.tar'))
  expect(await referencesIn('both.tar')).toEqual([image, gone, fresh].sort())
  await ok('merge', at('base.tar'), at('whole.tar'), '--only', at('next.lock'), '-o', at('only.tar'))
  expect((await readFile(at('only.tar'))).equals(await readFile(at('whole.tar')))).toBe(true)
  const lacking = await runCli(['merge', at('base.tar'), '--only', at('next.lock'), '-o', at('lacking.tar')])
  expect(lacking).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is in none of the bundles') })
})

test('a delta of another set lets nothing go', async () => {
  registry.addImage('other', '1', [old])
  const other = `${registry.host}/other:1`
  await ok('bundle', '--image', other, '--set-name', 'tools', '-o', at('tools.tar'))
  await ok('bundle', '--image', image, '--set-name', 'shop', '--since', at('may.tar'), '-o', at('shop-delta.tar'))
  await ok('merge', at('may.tar'), at('tools.tar'), at('shop-delta.tar'), '-o', at('all.tar'))
  const { images } = JSON.parse(await ok('inspect', at('all.tar'), '--json'))
  expect(images.map(({ reference }: { reference: string }) => reference)).toEqual([image, other])
})

test('diff shows moved tags, and the bytes that changed', async () => {
  const stdout = await ok('diff', at('may.lock'), at('june.tar'))
  expect(stdout).toMatch(/^~ 127\.0\.0\.1:\d+\/app:1 sha256:\w+ -> sha256:\w+$/m)
  expect(stdout).toMatch(/^- 127\.0\.0\.1:\d+\/app@sha256:\w+$/m)
  expect(JSON.parse(await ok('diff', at('may.tar'), at('june.tar'), '--json'))).toMatchObject({
    moved: [{ name: image }],
    added: [{ name: expect.stringContaining('/app@sha256:') }],
  })
})

test('blobs of other bundles are used, and hashed before they are trusted', async () => {
  await copyFile(at('june.tar'), at('damaged.tar'))
  const bytes = await readFile(at('damaged.tar'))
  bytes[bytes.indexOf(added) + 7]! ^= 1
  await writeFile(at('damaged.tar'), bytes)
  await rm(at('june.tar'))
  const args = ['--image', image, '--reuse', at('may.tar'), '--reuse', at('damaged.tar')]
  await ok('bundle', ...args, '-o', at('june.tar'))
  const layers = registry.requests.filter((request) => [base, added].some((layer) => request.includes(digestOf(layer))))
  expect(layers).toEqual([`GET /v2/app/blobs/${digestOf(added)}`])
  await ok('verify', at('june.tar'))
})

test('lock --check: exit code 4 when a tag has moved', async () => {
  const { exitCode, stdout } = await runCli(['lock', at('may.lock'), '--check'])
  expect(stdout).toMatch(/app:1 sha256:\w+ -> sha256:\w+\n1 image, 1 tag moved\n$/)
  expect(exitCode).toBe(4)
  await ok('lock', '--image', image, '-o', at('june.lock'))
  expect(await ok('lock', at('june.lock'), '--check')).toBe('1 image, 0 tags moved\n')
})

test.for<[what: string, text: string, message: RegExp]>([
  ['that is no JSON', '{', /bad\.lock: neither a bundle nor a lock/],
  ['of another version', '{"version":9,"images":[]}', /bad\.lock: version 9 is not 1/],
  [
    'without names',
    '{"version":1,"images":[{"reference":"a","platforms":[]}]}',
    /bad\.lock, images\[0\], names: expected a list/,
  ],
])('a lock %s is refused, naming the place', async ([, text, message]) => {
  await writeFile(at('bad.lock'), text)
  const { exitCode, stderr } = await runCli(['bundle', at('bad.lock'), '-o', at('out.tar')])
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(2)
})

test('a lock that is made anew is the next edition, and an older bundle does not pass for it', async () => {
  await ok('bundle', at('may.lock'), '-o', at('first.tar'))
  await ok('lock', '--image', image, '-o', at('may.lock'), '--force', '--set-name', 'images')
  const { edition } = JSON.parse(await readFile(at('may.lock'), 'utf8'))
  expect(edition).toEqual({ set: 'images', number: 2 })
  await ok('bundle', at('may.lock'), '-o', at('second.tar'))
  expect(await ok('inspect', at('second.tar'))).toContain('  number 2 of the set images\n')
  await ok('verify', at('second.tar'), '--newer-than', at('first.tar'))
  const replay = ['verify', at('first.tar'), '--newer-than', at('second.tar')]
  const refused = await runCli(replay)
  expect(refused.stdout).toContain('it is number 1 of the set images, older than number 2 that is held')
  expect(refused.exitCode).toBe(4)
  expect(await runCli([...replay, '--allow-older'])).toMatchObject({ exitCode: 0 })
})
