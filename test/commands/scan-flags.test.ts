import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test.for(['lock', 'bundle'])('%s takes what scan would list with the same flags', async (command) => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [])
  registry.addImage('engine', '1', [])
  const directory = await temporaryDirectory()
  const [input, rules] = [join(directory, 'all.yaml'), join(directory, 'rules.yaml')]
  const engine = { apiVersion: 'example.org/v1', kind: 'Engine', spec: { runs: `${registry.host}/engine:1` } }
  const container = {
    name: 'app',
    image: `${registry.host}/app:1`,
    imagePullPolicy: 'Never',
    args: [`--agent-image=${registry.host}/none:1`],
  }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: { containers: [container] } }
  await writeFile(input, [pod, engine].map((document) => JSON.stringify(document)).join('\n---\n'))
  await writeFile(rules, 'rules: [{kind: Engine, path: spec.runs}]')
  const run = (out: string, ...flags: string[]) => runCli([command, input, '-o', join(directory, out), ...flags])

  const likely = await run('likely')
  expect(likely.stderr).toContain(`${registry.host}/none:1`)
  expect(likely.exitCode).toBe(3)
  const certain = await run('certain', '--min-confidence', 'certain')
  expect(certain).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('1 image') })
  const ruled = await run('ruled', '--min-confidence', 'certain', '--rules', rules)
  expect(ruled).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 images') })
  const misspelt = await run('misspelt', '--policy', 'never')
  expect(misspelt).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean Never?') })
})
