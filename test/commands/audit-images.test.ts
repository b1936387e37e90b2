import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report/report.ts'
import type { ImageUseJson } from '../../src/discovery/uses/image-use.ts'
import { runCli } from '../support/cli.ts'
import { node } from '../support/cluster.ts'

const [OP, WORKER, HELPER] = ['op:1', 'worker:1.2', 'helper:3'].map((name) => `r.example/shop/${name}`) as [
  string,
  string,
  string,
]
const OPERATOR = `apiVersion: apps/v1
kind: Deployment
metadata: { name: op, namespace: shop }
spec:
  selector: { matchLabels: { app: op } }
  template:
    metadata: { labels: { app: op } }
    spec:
      containers:
        - name: op
          image: ${OP}
          imagePullPolicy: Never
          args:
            - --worker-image=${WORKER}
          env:
            - { name: RELATED_IMAGE_HELPER, value: '${HELPER}' }
`

async function inDirectory(images: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const at = (name: string) => join(directory, name)
  await writeFile(at('op.yaml'), OPERATOR)
  await writeFile(
    at('nodes.json'),
    JSON.stringify({ kind: 'List', items: [node('a', { images }), node('b', { images })] }),
  )
  const run = (...flags: string[]) =>
    runCli(['audit', 'op.yaml', '--nodes', 'nodes.json', ...flags], { cwd: directory })
  return { at, run }
}

test('an image that an operator starts from an argument fails the audit where no node has it', async () => {
  const { run } = await inDirectory([OP, HELPER])
  const { stdout, stderr, exitCode } = await run()
  expect(exitCode).toBe(4)
  expect(stdout).toBe(`VERDICT     STARTS ON    PODS  WORKLOAD
safe        2 of 2          1  Deployment shop/op

IMAGE IS    ON NODES           NAMED OUTSIDE OF THE PODS ABOVE
nowhere     0 of 2          -  ${WORKER}
            Deployment shop/op starts it from its argument: flag worker-image (op.yaml:14); which
            nodes its pods land on is not known
            a, b: ImageMissing: ${WORKER} is not on the node
everywhere  2 of 2          -  ${HELPER}

1 safe
2 images named elsewhere: 1 everywhere, 1 nowhere
`)
  expect(stderr).toContain(`error: op.yaml:14: ${WORKER}: on none of 2 nodes: Deployment shop/op starts it`)
  expect(stderr).toContain(`left out: 1 image of pods that are not judged, on no node: ${WORKER}`)
  expect((await run('--fail-on', 'atRisk')).exitCode).toBe(0)
})

test('where every node has it, all is well', async () => {
  const { run } = await inDirectory([OP, HELPER, WORKER])
  expect((await run()).exitCode).toBe(0)
})

test('every report says who names the image and where', async () => {
  const { at, run } = await inDirectory([OP, HELPER])
  const reports = ['html', 'sarif', 'junit'].flatMap((name) => [`--${name}`, `report.${name}`])
  const { stdout } = await run('--json', ...reports)
  const { images, omissions } = JSON.parse(stdout) as AuditReport & { omissions: unknown[] }
  const namedBy = [{ kind: 'Deployment', namespace: 'shop', name: 'op', layer: 'argument', file: 'op.yaml', line: 14 }]
  expect(images).toMatchObject([
    { image: HELPER, judged: false, elsewhere: { presence: 'everywhere', nodes: 2, bundled: null } },
    { image: OP, judged: true, elsewhere: null },
    { image: WORKER, judged: false, elsewhere: { presence: 'nowhere', nodes: 0, namedBy } },
  ])
  expect(omissions).toMatchObject([{ code: 'NAMED_IMAGE_NOWHERE', entries: [{ subject: WORKER, line: 14 }] }])
  const sarif = JSON.parse(await readFile(at('report.sarif'), 'utf8'))
  const result = sarif.runs[0].results.find(({ ruleId }: { ruleId: string }) => ruleId === 'NAMED_IMAGE_NOWHERE')
  expect(result.level).toBe('error')
  expect(result.locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: 'op.yaml' },
    region: { startLine: 14 },
  })
  const junit = await readFile(at('report.junit'), 'utf8')
  expect(junit).toContain('tests="3" failures="1"')
  expect(junit).toContain(`<testcase classname="op.yaml" name="image ${WORKER}">\n    <failure message="nowhere"`)
  const html = await readFile(at('report.html'), 'utf8')
  const data = JSON.parse(/application\/json">(.*?)<\/script>/s.exec(html)?.[1] ?? '')
  expect(data.named[0]).toMatchObject({ image: WORKER, presence: 'nowhere', on: '0 of 2' })
  expect(data.named[0].namedBy).toEqual([
    'Deployment shop/op starts it from its argument: flag worker-image (op.yaml:14)',
  ])
})

test('an audit accounts for every image of a scan of the same inputs', async () => {
  const scan = JSON.parse((await runCli(['scan', 'examples/', '--json'])).stdout) as { uses: ImageUseJson[] }
  const { stdout } = await runCli(['audit', 'examples/', '--nodes', 'examples/audit/nodes.json', '--json'])
  const { images } = JSON.parse(stdout) as AuditReport
  expect(scan.uses.length).toBeGreaterThan(10)
  const accounted = images.map(({ image }) => image)
  expect(accounted).toEqual(expect.arrayContaining(scan.uses.map(({ image }) => image)))
})
