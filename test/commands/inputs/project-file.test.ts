import { chmod, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { failureText } from '../../../src/cli/output/failure.ts'
import { chartSettingsOf, findProjects } from '../../../src/cli/project/find-project.ts'
import { projectWords } from '../../../src/cli/project/project-words.ts'
import Bundle from '../../../src/commands/bundle.ts'
import LockCommand from '../../../src/commands/lock.ts'
import Scan from '../../../src/commands/scan.ts'
import type { ExpectedError } from '../../../src/errors.ts'
import { runCli } from '../../support/cli.ts'
import { MemoryRegistry } from '../../support/memory-registry.ts'
import { checkSchema } from '../../support/schemas.ts'
import { directoryWith } from '../../support/temporary.ts'

const CHART = 'apiVersion: v2\nname: shop\nversion: 1.0.0\n'
const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "${image}"}]}\n`

// Stands in for helm: it shows what it is called with; its answer is its values file, or a pod.
const HELM = `#!/bin/sh
printf '%s ' "$@" >> "$HELM_LOG"; echo >> "$HELM_LOG"
case "$1" in
  template)
    for word; do case "$word" in --values=*) cat "\${word#--values=}"; exit ;; esac; done
    printf '%s' "$HELM_OUTPUT" ;;
  show) cat "$4/Chart.yaml" ;;
esac
`

async function project(files: Record<string, string>) {
  const folder = await directoryWith({ 'bin/helm': HELM, ...files })
  await chmod(join(folder, 'bin/helm'), 0o755)
  const env = {
    PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
    HELM_LOG: join(folder, 'log'),
    HELM_OUTPUT: pod('plain:1'),
  }
  const run = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(args, { env, cwd: folder })
    return { exitCode, stdout, stderr, json: args.includes('--json') ? JSON.parse(stdout) : undefined }
  }
  const asked = async () => {
    const lines = (await readFile(env.HELM_LOG, 'utf8')).trim().split('\n')
    return lines.filter((line) => line.startsWith('template')).map((line) => line.replaceAll(folder, '').trim())
  }
  return { folder, run, asked }
}

const CHARTS = `charts:
  charts/shop:
    - values: [../envs/prod.yaml]
      release: shop
      namespace: prod
      kubeVersion: "1.34"
      apiVersions: [monitoring.coreos.com/v1, x.example/v1/Thing]
      set: [token=secret, -x=y]
    - values: [../envs/test.yaml]
  charts/-db: {release: db}
`

test('each chart is rendered as the project file says, once or several times, and how is said', async () => {
  const { run, asked } = await project({
    'repo/nodeseed.yaml': CHARTS.replaceAll('../envs', 'envs'),
    'repo/envs/prod.yaml': pod('prod:1'),
    'repo/envs/test.yaml': pod('test:1'),
    'repo/charts/shop/Chart.yaml': CHART,
    'repo/charts/-db/Chart.yaml': CHART,
    'repo/charts/other/Chart.yaml': CHART,
  })
  const { exitCode, json } = await run('scan', 'repo', '--set', 'a=b', '--json')
  expect(exitCode).toBe(0)
  const names = ['plain', 'prod', 'test'].map((name) => `docker.io/library/${name}:1`)
  expect(json.images).toEqual(names)
  expect(await asked()).toEqual([
    'template --include-crds -- db /repo/charts/-db',
    'template --include-crds --set=a=b -- release /repo/charts/other',
    'template --include-crds --values=repo/envs/prod.yaml --set=token=secret --set=-x=y --namespace=prod --kube-version=1.34 --api-versions=monitoring.coreos.com/v1 --api-versions=x.example/v1/Thing -- shop /repo/charts/shop',
    'template --include-crds --values=repo/envs/test.yaml -- release /repo/charts/shop',
  ])
  const said = json.findings.filter(({ code }: { code: string }) => code === 'CHART_RENDERED')
  expect(said.map(({ message }: { message: string }) => message)).toEqual([
    'repo/charts/-db: rendered with its default values, as release db',
    'repo/charts/other: rendered with a set',
    'repo/charts/shop: rendered with values repo/envs/prod.yaml and token, -x set, as release shop, in namespace prod, for Kubernetes 1.34, with monitoring.coreos.com/v1, x.example/v1/Thing',
    'repo/charts/shop: rendered with values repo/envs/test.yaml',
  ])
  expect(JSON.stringify(json)).not.toContain('secret')
})

test.for(['seed', 'lock', 'bundle', 'patch', 'audit'])('every command renders charts so: %s', async (command) => {
  const { run, asked } = await project({
    'repo/nodeseed.yaml': 'charts: {chart: {release: shop}}\n',
    'repo/chart/Chart.yaml': CHART,
  })
  const nodes = join(process.cwd(), 'examples/audit/nodes.json')
  const offline = ['--retries', '0', '--idle-timeout', '1s', '--mirror', 'docker.io=127.0.0.1:1']
  const words: Record<string, string[]> = {
    seed: ['seed', 'none.tar', '--nodes', nodes, '-o', 'out', 'repo'],
    lock: ['lock', 'repo', '-o', 'out', ...offline],
    bundle: ['bundle', 'repo', '-o', 'out', ...offline],
    patch: ['patch', 'repo', '--policy', 'Never'],
    audit: ['audit', 'repo', '--nodes', nodes],
  }
  await run(...(words[command] ?? []))
  expect((await asked())[0]).toMatch(/ -- shop \/repo\/chart$/)
})

test('--config names another file, whose paths begin at its directory', async () => {
  const { run, asked } = await project({
    'etc/ci.yaml': 'charts: {../repo/chart: {values: [v.yaml]}}\n',
    'etc/v.yaml': pod('ci:1'),
    'repo/nodeseed.yaml': 'charts: {chart: {release: not-me}}\n',
    'repo/chart/Chart.yaml': CHART,
  })
  const { json } = await run('scan', 'repo', '--config', 'etc/ci.yaml', '--json')
  expect(json.images).toEqual(['docker.io/library/ci:1'])
  expect(await asked()).toEqual(['template --include-crds --values=etc/v.yaml -- release /repo/chart'])
})

test.for<[text: string, said: RegExp]>([
  ['chart: {}\n', /:1: unknown key "chart"\n {2}try: Did you mean charts\? There are: inputs, /],
  ['charts:\n  c:\n    value: [a]\n', /:3: unknown key "value"\n {2}try: Did you mean values\?/],
  ['charts:\n  c:\n    values: a.yaml\n', /:3: values has to be a list/],
  ['charts: [c]\n', /:1: charts has to be a map/],
  ['charts:\n  c: 1\n', /:2: c has to be a map of: values, set/],
  ['charts:\n  nowhere: {}\n', /:2: repo\/nowhere: no such file or directory/],
  ['charts:\n  c:\n    values: [nowhere.yaml]\n', /:2: repo\/nowhere.yaml: no such file or directory/],
  ['charts:\n  c:\n    values: [c]\n', /:2: repo\/c: is a directory, not a file/],
  ['charts:\n  c:\n    values: ["https://x.example/v.yaml"]\n', /:3: "https:\/\/x.example\/v.yaml" is no path/],
  ['charts:\n  c:\n    release: --post-renderer\n', /:3: "--post-renderer" is no name of a release/],
  ['charts:\n  c:\n    namespace: -n\n', /:3: "-n" is no name of a namespace/],
  ['charts:\n  c:\n    kubeVersion: 1.30\n', /:3: 1.3 is no version of Kubernetes, such as "1.34" \(in quotes\)/],
  ['charts:\n  c:\n    apiVersions: [v1]\n', /:3: "v1" is no API version/],
  ['charts:\n  c:\n    set: [novalue]\n', /:3: "novalue" is no KEY=VALUE/],
  ['inputs: x\n', /:1: inputs has to be a list/],
  ['inputs: ["-"]\n', /:1: "-" is no path/],
  ['output: ../x.tar\n', /:1: "..\/x.tar" leads out of the directory of this file/],
  ['output: /etc/x.tar\n', /leads out of the directory/],
  ['strict: 1\n', /:1: strict has to be true or false/],
  [
    'strict: true\nallow:\n  - PASSD_OVER\n',
    /:3: "PASSD_OVER" is no code of what can be left out\n {2}try: Did you mean PASSED_OVER/,
  ],
  ['platforms: [linux/amd65]\n', /:1: not a platform: "linux\/amd65".*\n {2}try: Did you mean amd64/],
  ['strict: true\n---\nstrict: false\n', /:3: a second document/],
  ['strict: true\nstrict: false\n', /:2: strict stands there twice/],
  ['- a\n', /:1: the file has to be a map of: inputs, /],
  ['charts: {c: {release: a, release: b}}\n', /nodeseed.yaml:1: .* stands there twice/],
  ['a: [\n', /nodeseed.yaml:\d: /],
])('what is wrong in a project file is said with its line: %j', async ([text, said]) => {
  const folder = await directoryWith({ 'repo/nodeseed.yaml': text, 'repo/c/Chart.yaml': CHART })
  const read = findProjects([join(folder, 'repo')], undefined).then(chartSettingsOf)
  const error = await read.then(
    () => expect.unreachable('it is taken'),
    (thrown: ExpectedError) => thrown,
  )
  expect(failureText(error).replaceAll(`${folder}/`, '')).toMatch(said)
  expect(error.exitCode).toBe(2)
})

test('a project file that is wrong ends the command before anything is said of the inputs', async () => {
  const { run } = await project({ 'repo/nodeseed.yaml': 'strict: 1\n', 'repo/pod.yaml': pod('a:1') })
  const { exitCode, stderr, stdout } = await run('scan', 'repo')
  expect(stderr).toMatch(/^error: repo\/nodeseed\.yaml:1: strict has to be true or false\n {2}try: /)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
})

test('strict and allow stand in the project file too, and who allowed is said', async () => {
  const { run } = await project({
    'repo/nodeseed.yaml': 'strict: true\nallow:\n  - PASSED_OVER\n  - LEFT_OUT_ALWAYS=b:latest\n',
    'repo/node_modules/x.yaml': 'a: 1\n',
    'repo/b.yaml': pod('b:latest'),
  })
  const allowed = await run('scan', 'repo', '--json')
  expect(allowed.exitCode).toBe(0)
  expect(
    allowed.json.omissions.flatMap(({ entries }: { entries: { excusedBy: string }[] }) =>
      entries.map(({ excusedBy }) => excusedBy),
    ),
  ).toEqual(['repo/nodeseed.yaml:3', 'repo/nodeseed.yaml:4'])
  const { run: other } = await project({ 'repo/nodeseed.yaml': 'strict: true\n', 'repo/b.yaml': pod('b:latest') })
  expect((await other('scan', 'repo')).exitCode).toBe(4)
})

test('where the project file says it all, the nightly command is nodeseed bundle', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(10)])
  const { run } = await project({
    'nodeseed.yaml': 'inputs: [k8s]\nplatforms: [linux/amd64]\noutput: shop.tar\nforce: true\nstrict: true\n',
    'k8s/app.yaml': pod(`${registry.host}/app:1`),
  })
  const first = await run('bundle')
  expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^shop\.tar: 1 image, .*downloaded/) })
  expect(await run('bundle')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/is up to date/) })
  expect((await run('scan', '--format', 'images')).stdout).toBe(`${registry.host}/app:1\n`)
  expect((await run('lock', '-o', 'x.lock', '--json')).json.images).toMatchObject([
    { reference: `${registry.host}/app:1` },
  ])
})

test('flags of the project file count where the run begins with it, the command line comes first, and -v says so', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(10)])
  registry.addImage('more', '1', [Buffer.alloc(10)])
  const { run } = await project({
    'nodeseed.yaml': `inputs: [k8s]\noutput: shop.tar\nflags:\n  bundle:\n    image: ["${registry.host}/more:1"]\n    set-name: shop\n    var: [A=secret]\n`,
    'k8s/app.yaml': pod(`${registry.host}/app:1`),
  })
  const { stderr, ...answer } = await run('bundle', '-v', '--var', 'TAG=1')
  expect(answer).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^shop\.tar: 2 images, /) })
  expect(stderr.split('\n').filter((line) => line.startsWith('nodeseed.yaml'))).toEqual([
    'nodeseed.yaml:5: --image',
    'nodeseed.yaml:6: --set-name',
    'nodeseed.yaml:7: --var: not taken, the command line has --var',
  ])
  expect(stderr).not.toContain('secret')
  const { json } = await run('scan', '.', '--json')
  expect(json.findings).toMatchObject([
    { code: 'WITHOUT_EFFECT', message: expect.stringMatching(/^nodeseed.yaml:5: flags count where the command runs/) },
  ])
})

const BUNDLE = { id: 'bundle', flags: Bundle.flags }
const flagsOf = (id: string) => (id === 'scan' ? Scan.flags : id === 'lock' ? LockCommand.flags : Bundle.flags)

test.for<[flags: string, args: string[], words: string[]]>([
  [
    '{nodes: n.json, with-tool: true, charts: false, offline: false}',
    [],
    ['--nodes=DIR/n.json', '--with-tool', '--no-charts'],
  ],
  ['{with-tool: yes, patch: off}', [], ['--with-tool', '--patch=off']],
  ['{retries: 0, mirror: [a=b, c=d]}', ['--retries', '3'], ['--mirror=a=b', '--mirror=c=d']],
  ['{mirror: [a=b, c=d]}', ['--mirror=x=y'], []],
  ['{registries-conf: r.conf, referrers: true}', ['--hosts-dir', 'x', '--offline'], []],
  [
    '{from: [a.tar, "docker-daemon:", "app:1=b.tar", /c.tar]}',
    [],
    ['DIR/a.tar', 'docker-daemon:', 'app:1=DIR/b.tar', '/c.tar'].map((one) => `--from=${one}`),
  ],
  [
    '{distro: [kubeadm@1.34.1, "k3s@v1.34.1=k3s.txt"]}',
    [],
    ['--distro=kubeadm@1.34.1', '--distro=k3s@v1.34.1=DIR/k3s.txt'],
  ],
  ['{sign: keys/a.key, verify: [p.yaml]}', [], ['--sign=DIR/keys/a.key', '--verify=DIR/p.yaml']],
])('flags of a project file on a command line: %j', async ([flags, args, words]) => {
  const folder = await directoryWith({ 'nodeseed.yaml': `flags:\n  bundle: ${flags}\n` })
  const config = ['--config', join(folder, 'nodeseed.yaml')]
  const made = projectWords(BUNDLE, [...args, ...config], flagsOf)
  expect((await made).words).toEqual([...words.map((word) => word.replace('DIR', folder)), ...args, ...config])
})

test.for<[text: string, said: RegExp, hint?: RegExp]>([
  ['bundle: {plattform: [x]}', /:2: nodeseed bundle has no flag --plattform$/],
  ['bundle: {mirrors: [x]}', /:2: nodeseed bundle has no flag --mirrors$/, /^Did you mean mirror\?/],
  ['scan: {sign: a.key}', /:2: nodeseed scan has no flag --sign$/],
  ['audit: {nodes: n.json}', /:2: unknown key "audit"$/, /There are: scan, lock, bundle/],
  ['bundle: [retries]', /:2: bundle has to be a map of flags/],
  ['bundle: {retries: 1.5}', /:2: retries has to be a text, true, false, a whole number/],
  ['bundle: {retries: [1]}', /:2: --retries takes one value, not a list$/],
  ['bundle: {retries: two}', /:2: .*not a whole number: "two"/],
  ['bundle: {retries: true}', /:2: --retries needs a value$/],
  ['bundle: {with-tool: "yes"}', /:2: --with-tool takes true or false$/],
  ['bundle: {patch: maybe}', /:2: .*"maybe" is none of on, off/],
  ['bundle: {split: nope}', /:2: .*not a size: "nope"/, /Write it as 4GB/],
  ['bundle: {platform: [linux/amd64]}', /:2: --platform has a key of its own$/, /below platforms/],
  ['bundle: {output: a.tar}', /:2: --output has a key of its own$/],
  ['lock: {json: true}', /:2: --json is for command lines only$/],
])('what is wrong with a flag of a project file is said with its line: %j', async ([text, said, hint = /./]) => {
  const folder = await directoryWith({ 'nodeseed.yaml': `flags:\n  ${text}\n` })
  const made = projectWords(BUNDLE, ['--config', join(folder, 'nodeseed.yaml')], flagsOf)
  await expect(made).rejects.toMatchObject({ message: expect.stringMatching(said), hint: expect.stringMatching(hint) })
})

test('flags that the file and the command line make wrong together are told with their lines', async () => {
  const { run } = await project({
    'nodeseed.yaml': 'output: a.tar\nflags:\n  bundle: {offline: true, referrers: true}\n',
  })
  expect(await run('bundle')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/exclude each other\n {2}try: The project file gives --offline \(nodeseed.yaml:3\)/),
  })
})

test('without a project file and inputs the call is refused', async () => {
  const { run } = await project({})
  expect(await run('scan')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no input to scan') })
  expect(await run('bundle', '--image', 'a:1')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('missing flag: --output'),
  })
})

test('a chart that fails gives one error, with all that helm says, and its other files are read', async () => {
  const fails = `#!/bin/sh
printf 'level=WARN msg="x"\\nError: values do not meet the schema:\\nshop:\\n- tag: Required\\n\\nUse --debug flag to render\\n' >&2; exit 1
`
  const { folder, run } = await project({
    'repo/chart/Chart.yaml': CHART,
    'repo/chart/templates/a.yaml': 'image: {{ .Values.image }}\n{{- if .x }}\nkind: Pod\n{{- end }}\n',
    'repo/chart/charts/sub/templates/b.yaml': '{{ x }}: {{ y }}\nkind: Pod\n',
    'repo/chart/crds/pod.yaml': pod('crd:1'),
  })
  await writeFile(join(folder, 'bin/helm'), fails)
  const { exitCode, json } = await run('scan', 'repo', '--json')
  expect(json.findings).toMatchObject([
    { message: 'repo/chart: helm template: values do not meet the schema: shop: - tag: Required' },
  ])
  expect(json.findings).toHaveLength(1)
  expect(json.images).toEqual(['docker.io/library/crd:1'])
  expect(exitCode).toBe(2)
})

test('the published schema takes what is taken here', () => {
  for (const text of [
    CHARTS,
    'strict: true\nallow: [PASSED_OVER]\n',
    'inputs: [.]\noutput: a.tar\nforce: false\nplatforms: [linux/arm64]\n',
    'flags: {bundle: {retries: 0, mirror: [a=b], with-tool: true, nodes: n.json}}\n',
  ]) {
    checkSchema('config', load(text))
  }
  for (const text of [
    'chart: {}',
    'charts: {c: {value: 1}}',
    'charts: {c: {release: --x}}',
    'strict: 1',
    'output: ""',
    'flags: {audit: {}}',
    'flags: {bundle: {--nodes: n.json}}',
  ]) {
    expect(() => checkSchema('config', load(text)), text).toThrow('schemas/config.json')
  }
})
