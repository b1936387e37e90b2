import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shownArguments } from '../../src/cli/output/volume/programs.ts'
import { shownUrl } from '../../src/cli/output/volume/shown-url.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PASSWORD = 'correct-horse-battery'

test.for<[path: string, shown: string]>([
  ['/v2/shop/web/manifests/1.4', 'https://r.example.com/v2/shop/web/manifests/1.4'],
  [
    '/token?service=r&scope=repository:a:pull&account=me',
    'https://r.example.com/token?service=r&scope=repository:a:pull&account=…',
  ],
  [
    '/v2/a/blobs/uploads/1?_state=abc&digest=sha256:0',
    'https://r.example.com/v2/a/blobs/uploads/1?_state=…&digest=sha256:0',
  ],
  ['/b?X-Amz-Signature=s3cret&X-Amz-Credential=k', 'https://r.example.com/b?X-Amz-Signature=…&X-Amz-Credential=…'],
  ['https://other.example.com/x?sig=1', 'https://other.example.com/x?sig=…'],
])('the address %s is shown as %s', ([path, shown]) => {
  expect(shownUrl({ origin: 'https://user:pass@r.example.com', path })).toBe(shown)
})

test('what programs are told as a value or as a token is not shown', () => {
  expect(
    shownArguments([
      ...['template', 'shop', '--set', 'db.password=x', '--set-string=key=y', '--values', 'prod.yaml'],
      ...['--token', 'abc', '--password=def', '--context', 'prod'],
    ]),
  ).toEqual([
    ...['template', 'shop', '--set', 'db.password=…', '--set-string=key=…', '--values', 'prod.yaml'],
    ...['--token', '…', '--password=…', '--context', 'prod'],
  ])
})

/** A registry that wants to know who asks, and a home in which that stands. */
async function withLogin(): Promise<{ registry: MemoryRegistry; env: Record<string, string>; directory: string }> {
  const registry = await MemoryRegistry.start()
  registry.addImage('web', '1', [Buffer.from('web')])
  registry.misbehave = ({ headers }, response) => {
    if (headers.authorization) return false
    return response.writeHead(401, { 'www-authenticate': 'Basic realm="shop"' }).end()
  }
  const directory = await temporaryDirectory()
  await mkdir(join(directory, 'docker'))
  const auth = Buffer.from(`me:${PASSWORD}`).toString('base64')
  await writeFile(join(directory, 'docker/config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  return { registry, directory, env: { DOCKER_CONFIG: join(directory, 'docker'), REGISTRY_AUTH_FILE: '' } }
}

test('-v says what is asked of whom, and never who asks; -q only what matters', async () => {
  const { registry, directory, env } = await withLogin()
  const bundle = (name: string, flag: string) =>
    runCli(['bundle', '--image', `${registry.host}/web:1`, '-o', join(directory, name), flag], { env })
  const verbose = await bundle('verbose.tar', '-v')
  expect(verbose.exitCode, verbose.stderr).toBe(0)
  const asked = verbose.stderr.split('\n').filter((line) => line.startsWith('asked '))
  const line = (pattern: string) => expect.stringMatching(new RegExp(`^asked ${pattern}, (?:\\d+ ms|[\\d.]+ s)$`))
  const manifest = `http://${registry.host}/v2/web/manifests/1`
  expect(asked).toContainEqual(line(`HEAD ${manifest}: 401`))
  expect(asked).toContainEqual(line(`HEAD ${manifest}: 200`))
  expect(asked).toContainEqual(line(`GET http://${registry.host}/v2/web/manifests/sha256:\\w{64}: 200, \\d+ B`))
  expect(asked).toContainEqual(line(`GET http://${registry.host}/v2/web/blobs/sha256:\\w{64}: 200, 3 B`))
  expect(asked).toHaveLength(registry.requests.length)
  expect(verbose.stderr).not.toContain(PASSWORD)
  expect(verbose.stderr).not.toContain(Buffer.from(`me:${PASSWORD}`).toString('base64'))

  const quiet = await bundle('quiet.tar', '-q')
  expect(quiet).toMatchObject({ exitCode: 0, stderr: '' })
  expect(quiet.stdout).toContain('quiet.tar: 1 image')
  const failed = await runCli(['bundle', '--image', `${registry.host}/no:1`, '-o', join(directory, 'x.tar'), '-q'], {
    env,
  })
  expect(failed.exitCode).toBe(3)
  expect(failed.stderr).toContain('error: ')
})

test('-q and -v exclude each other', async () => {
  expect(await runCli(['scan', 'examples/scan/shop.yaml', '-q', '-v'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('exclude each other'),
  })
})

test('with -q what is left out is still said', async () => {
  const { stdout, stderr } = await runCli(['scan', 'examples/scan/shop.yaml', '-q'])
  expect(stdout).not.toBe('')
  expect(stderr).toContain('left out: ')
})

test('bundle --dry-run and lock say what comes over the network and what the disk must take', async () => {
  const { registry, directory, env } = await withLogin()
  const layer = Buffer.alloc(1_500_000, 'db')
  registry.addImage('db', '1', [layer])
  const images = ['--image', `${registry.host}/web:1`, '--image', `${registry.host}/db:1`]
  const file = join(directory, 'shop.tar')
  const dry = await runCli(['bundle', ...images, '-o', file, '--dry-run'], { env })
  expect(dry.exitCode, dry.stderr).toBe(0)
  expect(dry.stdout.replaceAll(directory, 'DIR').replaceAll(registry.host, 'HOST')).toMatch(
    new RegExp(
      [
        '^DIR/shop.tar would have 2 images for linux/amd64, 5 blobs',
        '  to fetch: 1\\.5 MB from HOST; \\d+ B are here',
        '  on disk: 1\\.6 MB, where [\\d.]+ [kMGT]?B are free',
        '$',
      ].join('\n'),
    ),
  )
  expect(registry.requests.filter((request) => request.includes(digestOf(layer)))).toEqual([])
  expect(await readdir(directory)).toEqual(['docker'])

  const { stdout } = await runCli(['bundle', ...images, '-o', file, '--dry-run', '--json'], { env })
  const { dryRun, bytes } = JSON.parse(stdout) as { bytes: number; dryRun: { fetch: number; disk: number } }
  expect(dryRun).toMatchObject({ disk: bytes, registries: [registry.host], fetch: expect.any(Number) })
  const made = await runCli(['bundle', ...images, '-o', file], { env })
  expect(made.stderr).toContain('to fetch: 1.5 MB from ')
  expect(
    await runCli(['bundle', ...images, '-o', join(directory, 'b.tar'), '--reuse', file, '--dry-run'], { env }),
  ).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('to fetch: 0 B; 1.5 MB are here') })
  const locked = await runCli(['lock', ...images, '-o', join(directory, 'l.lock')], { env })
  expect(locked.stderr).toContain('a bundle of it has 2 images for linux/amd64, 5 blobs\n  to fetch: 1.5 MB')
})

test('-f names an input, as with kubectl', async () => {
  const shop = 'examples/scan/shop.yaml'
  const named = await runCli(['scan', shop, 'examples/scan/operator.yaml'])
  expect(await runCli(['scan', '-f', shop, '--filename', 'examples/scan/operator.yaml'])).toEqual(named)
  const patched = await runCli(['patch', '-f', shop, '--policy', 'Never'])
  expect(patched).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('imagePullPolicy: Never') })
  const piped = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "shop/web:1"}]}\n'
  const { stdout } = await runCli(['scan', '-f', '-', '-o', 'images'], { input: piped })
  expect(stdout).toBe('docker.io/shop/web:1\n')
  expect(await runCli(['patch', '--policy', 'Never'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('missing argument: INPUT'),
  })
})

test('what stands on standard input is read where - asks for it, and is no name of a file', async () => {
  const { exitCode, stderr } = await runCli(['scan'], { input: 'examples/scan/shop.yaml\n' })
  expect(exitCode).toBe(2)
  expect(stderr).toContain('error: no input to scan\n')
})
