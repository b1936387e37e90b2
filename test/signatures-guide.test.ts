import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ecKeys, pemOf } from './support/der.ts'
import { MemoryRegistry } from './support/memory-registry.ts'
import { addLegacy, legacySignature, OwnSigstore } from './support/signature-maker.ts'
import { temporaryDirectory } from './support/temporary.ts'

const run = promisify(execFile)
const WEB = 'registry.example/shop/web'

test('the commands of docs/signatures.md work one after the other, on images that are signed', async () => {
  const home = await temporaryDirectory()
  const at = (name: string) => join(home, name)
  for (const directory of ['bin', 'k8s']) await mkdir(at(directory), { recursive: true })
  const keys = ecKeys()
  const registry = await MemoryRegistry.start()
  const web = registry.addImage('shop/web', '1.4', [Buffer.from('web')])
  addLegacy(registry, 'shop/web', web, [legacySignature({ digest: web.digest, name: WEB }, keys.privateKey)])
  // The registry of the page is nowhere: what looks images up is told where it is.
  const start = `exec "${process.execPath}" "${resolve('bin/run.js')}" "$@"`
  const program = `#!/bin/sh\ncase $1 in\nlock|bundle) ${start} --mirror registry.example=${registry.host} ;;\n*) ${start} ;;\nesac\n`
  await writeFile(at('bin/nodeseed'), program, { mode: 0o755 })
  const page = await readFile('docs/signatures.md', 'utf8')
  const [, policy = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? []
  const key = pemOf(keys.publicKey).trim().replaceAll('\n', '\n          ')
  const ofTheirs = policy.replace(/-----BEGIN[\s\S]*?END PUBLIC KEY-----/, key)
  await writeFile(at('policy.yaml'), ofTheirs.replace(/\n {4}- name: pipeline[\s\S]*/, '\n'))
  const pod = { containers: [{ name: 'web', image: `${WEB}:1.4` }] }
  await writeFile(
    at('k8s/web.yaml'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: pod }),
  )
  await writeFile(at('trusted_root.json'), new OwnSigstore().trustedRoot())
  await writeFile(at('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
  const nodes = JSON.parse(await readFile('examples/audit/nodes.json', 'utf8'))
  const isAmd64 = (node: { status: { nodeInfo: { architecture: string } } }) =>
    node.status.nodeInfo.architecture === 'amd64'
  await writeFile(at('nodes.json'), JSON.stringify({ ...nodes, items: nodes.items.filter(isAmd64) }))
  const env = { ...process.env, HOME: home, PATH: [at('bin'), process.env.PATH].join(delimiter) }
  const shell = (script: string) => run('sh', ['-e', '-c', script], { cwd: home, env })
  await shell('nodeseed bundle k8s/ -o may.tar')

  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  expect(blocks.length).toBeGreaterThan(3)
  for (const block of blocks) await expect(shell(block), block).resolves.toBeDefined()
  expect(JSON.parse(await readFile(at('nodeseed.lock'), 'utf8')).images).toMatchObject([
    { target: { digest: web.digest } },
  ])
  const { transports } = JSON.parse(await readFile(at('seed-shop/signatures/policy.json'), 'utf8'))
  expect(transports.docker).toHaveProperty([WEB])
})
