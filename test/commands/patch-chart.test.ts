import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { runCli } from '../support/cli.ts'
import { testWith, tool } from '../support/debian.ts'
import { directoryWith } from '../support/temporary.ts'

const run = promisify(execFile)

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME-web}
spec: {template: {spec: {containers: [{name: a, image: "x.example/a:latest"}]}}}
`
const HOOK = `apiVersion: batch/v1
kind: Job
metadata: {name: NAME-migrate, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "x.example/a:1"}]}}}
`
const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: "0755", b: "yes"}\n'
const TEMPLATES = `${WEB}---\n${HOOK}---\n${CONFIG}`

const CHART = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 0.1.0\n',
  'chart/templates/a.yaml': TEMPLATES.replaceAll('NAME', '{{ .Release.Name }}'),
}

/** Stands in for a helm that renders this chart; what is patched with its output is real. */
const HELM = `#!/bin/sh
case "$1" in
  template) for argument; do last=$name name=$argument; done; sed "s/NAME/$last/" "\${0%/*}/templates" ;;
  show) cat "$4/Chart.yaml" ;;
esac
`

const HOOK_LEFT_OUT = 'Job shop-migrate: a hook of the chart, which Helm 3 does not hand to a post-renderer'

async function patchedChart(path = process.env.PATH ?? '') {
  const directory = await directoryWith({ ...CHART, 'bin/helm': HELM, 'bin/templates': TEMPLATES })
  await chmod(join(directory, 'bin/helm'), 0o755)
  const chart = join(directory, 'chart')
  const args = ['patch', chart, '--release', 'shop', '--policy', 'Never', '-o', join(directory, 'offline')]
  const env = { PATH: path === '' ? '' : `${path.includes('helm') ? '' : join(directory, 'bin') + delimiter}${path}` }
  return { directory, chart, answer: await runCli(args, { env }) }
}

function policies(rendered: string): Record<string, string | undefined> {
  const documents = parseAllDocuments(rendered).map((document) => document.toJS())
  return Object.fromEntries(
    documents.flatMap((value) =>
      value?.spec ? [[value.metadata.name, value.spec.template.spec.containers[0].imagePullPolicy]] : [],
    ),
  )
}

testWith(['kubectl'])('a chart is patched by a post-renderer that fails where the release is another', async () => {
  const { directory, answer } = await patchedChart()
  expect(answer).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(HOOK_LEFT_OUT) })
  const render = async (name: string) => {
    const rendered = join(directory, 'rendered')
    const script = `"$1" < "$2"`
    const files = await directoryWith({ rendered: TEMPLATES.replaceAll('NAME', name).replace(HOOK, '') })
    await cp(join(files, 'rendered'), rendered)
    const env = { ...process.env, KUBECTL: tool('kubectl') }
    return run('sh', ['-c', script, 'sh', join(directory, 'offline/post-render.sh'), rendered], { env })
  }
  const { stdout } = await render('shop')
  expect(policies(stdout)).toMatchObject({ 'shop-web': 'Never' })
  expect(
    parseAllDocuments(stdout)
      .map((document) => document.toJS())
      .find(({ kind }) => kind === 'ConfigMap').data,
  ).toEqual({
    a: '0755',
    b: 'yes',
  })
  await expect(render('other')).rejects.toThrow('no resource matches strategic merge patch')
})

test('a chart is not changed in place, and is patched by itself', async () => {
  const { directory, chart } = await patchedChart()
  const env = { PATH: `${join(directory, 'bin')}${delimiter}${process.env.PATH}` }
  const other = await directoryWith({ 'a.yaml': CONFIG })
  const args = ['patch', chart, other, '--policy', 'Never']
  expect(await runCli([...args, '-o', join(directory, 'all')], { env })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/chart: a chart is patched by itself.*\n {2}try: Give it a directory of its own/),
  })
  expect(await runCli([...args, '--in-place'], { env })).toMatchObject({ exitCode: 2 })
  expect(await readFile(join(chart, 'templates/a.yaml'), 'utf8')).toBe(CHART['chart/templates/a.yaml'])
})

/** Helm 3 or 4 that is here: no Debian package brings one, so directories are named by NODESEED_HELM. */
const HELMS = (process.env.NODESEED_HELM ?? '').split(delimiter).filter((path) => existsSync(join(path, 'helm')))
if (HELMS.length === 0)
  process.stderr.write('not run: post-renderers under a real helm, which needs NODESEED_HELM=DIR:DIR\n')

for (const path of HELMS) {
  testWith(['kubectl'])(`the helm in ${path} takes the post-renderer`, async () => {
    const { directory, chart, answer } = await patchedChart(`${path}${delimiter}${process.env.PATH}`)
    expect(answer.exitCode).toBe(4)
    const env = { ...process.env, KUBECTL: tool('kubectl'), HELM_DATA_HOME: join(directory, 'data') }
    const helm = (...args: string[]) => run(join(path, 'helm'), args, { env })
    const { stdout: version } = await helm('version', '--short')
    const isFour = version.startsWith('v4')
    const offline = join(directory, 'offline')
    if (isFour) await helm('plugin', 'install', offline)
    const renderer = isFour ? 'nodeseed-patch' : join(offline, 'post-render.sh')
    const { stdout } = await helm('template', 'shop', chart, '--post-renderer', renderer)
    expect(policies(stdout)).toEqual({ 'shop-web': 'Never', 'shop-migrate': isFour ? 'Never' : undefined })
    await expect(helm('template', 'other', chart, '--post-renderer', renderer)).rejects.toThrow(
      isFour ? 'exited with error' : 'no resource matches',
    )
  })
}
