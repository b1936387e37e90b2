import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { renderLabelScript } from '../../src/seed/output/label-script.ts'
import { hostileText } from '../support/hostile-text.ts'
import { tarOf } from '../support/image-maker.ts'
import { namesList } from '../support/names-list.ts'
import { NODE_SCRIPT } from '../support/node-script.ts'
import { fc, runs } from '../support/property.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const ROW = ['linux/amd64', DIGEST, 'application/vnd.oci.image.index.v1+json', '123', 'docker.io/library/web:1']

test('no field of a list of names reaches a shell', async () => {
  const node = await fakeNode()
  const fields = fc.tuple(fc.nat({ max: ROW.length - 1 }), hostileText())
  await fc.assert(
    fc.asyncProperty(fields, hostileText(), async ([index, text], set) => {
      const row = ROW.with(index, text).join(' ')
      await writeBundle(node.bundle, `nodeseed-names 1 ${set}\nname ${ROW.join(' ')}\nname ${row}\nblob ${row}\nend\n`)
      const { code } = await node.run([node.bundle])
      expect([2, 4]).toContain(code)
      await expectUntouched(node)
    }),
    { numRuns: runs(60) },
  )
})

test('a list of names whose characters are all legal, but make no image, is only text', async () => {
  const node = await fakeNode()
  await writeBundle(node.bundle, namesList(`name ${ROW.join(' ').replace('docker', '--help')}`))
  expect(await node.run([node.bundle])).toMatchObject({ code: 4 })
  await expectUntouched(node)
})

test('no option, no path and no node name reaches a shell, and what is printed is JSON', async () => {
  const node = await fakeNode()
  await writeBundle(node.bundle, namesList(`name ${ROW.join(' ')}`))
  const options = fc.constantFrom('--expect-set', '--namespace', '--platform', '--storage', '--address', '--ctr')
  await fc.assert(
    fc.asyncProperty(options, hostileText(), hostileText(), async (option, value, name) => {
      const { stdout } = await node.run([option, value, node.bundle], { NODE_NAME: name })
      expect(JSON.parse(stdout.split('\n')[0] ?? '')).toHaveProperty('message')
      await expectUntouched(node)
      const misnamed = await node.run([value], { NODE_NAME: name })
      expect(JSON.parse(misnamed.stdout.split('\n')[0] || '{}')).toBeTypeOf('object')
      await expectUntouched(node)
    }),
    { numRuns: runs(40) },
  )
})

test('no node name and no label reaches the shell of a label script', async () => {
  const node = await fakeNode()
  const kubectl = await fakeProgram(node.directory, 'kubectl')
  await fc.assert(
    fc.asyncProperty(
      fc.array(hostileText(), { maxLength: 3 }),
      hostileText(),
      hostileText(),
      async (nodes, key, namespace) => {
        const script = join(node.directory, 'labels.sh')
        const labels = nodes.map((node) => ({ node, setDigest: key, labels: [node, `${key}=seeded`] }))
        await writeFile(script, renderLabelScript({ namespace, prefix: key, nodes: labels }))
        await run('sh', [script, '--prune'], node.cwd, { KUBECTL: kubectl })
        await expectUntouched(node)
      },
    ),
    { numRuns: runs(40) },
  )
})

interface FakeNode {
  readonly directory: string
  /** Empty, and stays so. */
  readonly cwd: string
  readonly bundle: string
  readonly run: (args: string[], env?: Record<string, string>) => Promise<{ code: number; stdout: string }>
}

/** A node whose ctr does nothing, so that the script's own handling of text is all that happens. */
async function fakeNode(): Promise<FakeNode> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-hostile-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const cwd = join(directory, 'cwd')
  await mkdir(cwd)
  const socket = join(directory, 'containerd.sock')
  const server = createServer().listen(socket)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const ctr = await fakeProgram(directory, 'ctr')
  const reach = ['--platform', 'linux/amd64', '--address', socket, '--ctr', ctr]
  return {
    directory,
    cwd,
    bundle: join(directory, 'bundle.tar'),
    run: (args, env = {}) => run('sh', [NODE_SCRIPT, ...reach, ...args], cwd, env),
  }
}

async function fakeProgram(directory: string, name: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, '#!/bin/sh\nexit 0\n')
  await chmod(path, 0o755)
  return path
}

async function writeBundle(path: string, names: string): Promise<void> {
  await writeFile(path, await tarOf([[{ name: 'nodeseed/names.txt' }, names]]))
}

async function expectUntouched({ cwd }: FakeNode): Promise<void> {
  expect(await readdir(cwd)).toEqual([])
}

function run(program: string, args: string[], cwd: string, env: Record<string, string>) {
  return new Promise<{ code: number; stdout: string }>((resolve) => {
    const clean = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value.replaceAll('\0', '')]))
    execFile(program, args, { cwd, env: { ...process.env, ...clean } }, (error, stdout) =>
      resolve({ code: error ? Number(error.code) : 0, stdout }),
    )
  })
}
