import { execFile } from 'node:child_process'
import { existsSync, writeSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { runTool, testWith, tool } from '../support/debian.ts'

const LAYOUTS = 'test/fixtures/layouts'
const IMAGES = ['--format', 'images', '--policy', 'Never,IfNotPresent,Always']

/** No Debian package brings it; whoever has it on PATH or in NODESEED_TOOLS runs the tests that need it. */
const HELM = [...(process.env.NODESEED_TOOLS ?? '').split(delimiter), ...(process.env.PATH ?? '').split(delimiter)]
  .filter(Boolean)
  .map((directory) => join(directory, 'helm'))
  .find((path) => existsSync(path))
if (HELM === undefined) writeSync(2, 'NOT RUN: the umbrella chart: there is no helm on PATH\n')

async function imagesOf(inputs: string[], { input = '', path = '' } = {}): Promise<string[]> {
  const env = { PATH: `${path}${delimiter}${process.env.PATH}` }
  const { exitCode, stdout, stderr } = await runCli(['scan', ...inputs, ...IMAGES], { input, env })
  expect(exitCode, stderr).toBe(0)
  return stdout.split('\n').filter((line) => line !== '')
}

function joint(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort()
}

interface Layout {
  readonly name: string
  /** What a person renders, and reads as it is. */
  readonly roots: readonly string[]
  readonly plain: readonly string[]
  readonly images: readonly string[]
  /** What a rendering by hand has, and what applies it replaces. */
  readonly replaced?: readonly string[]
  /** What the layout does not have, and the scan says. */
  readonly elsewhere: number
}

const LAYOUT_ROWS: readonly Layout[] = [
  {
    name: 'kubebuilder',
    roots: ['config/default', 'config/samples', 'config/prometheus'],
    plain: [],
    images: [
      'tank/backup:1.0',
      'tank/operator:v0.4.1',
      'tank/server:2.1',
      'tank/server:2.2',
      'tools/auth-proxy:0.16.0',
    ],
    elsewhere: 0,
  },
  {
    name: 'flux',
    roots: ['clusters/prod/flux-system', 'infrastructure/controllers', 'infrastructure/configs', 'apps/prod'],
    plain: ['clusters/prod/apps.yaml', 'clusters/prod/infrastructure.yaml'],
    images: [
      ...['flux/helm-controller:v1.3.0', 'flux/source-controller:v1.7.0', 'ingress/controller:v1.13.2'],
      ...['shop/db-exporter:0.17', 'shop/db:16.1', 'shop/web:3.1'],
    ],
    replaced: ['shop/web:3.0'],
    elsewhere: 2,
  },
]

testWith(['kubectl']).for(LAYOUT_ROWS)(
  'the images of a layout are those of rendering each by hand: $name',
  async (row) => {
    const folder = join(LAYOUTS, row.name)
    const path = dirname(tool('kubectl'))
    const byHand = row.roots.map(async (root) => {
      const { stdout } = await runTool('kubectl', ['kustomize', join(folder, root)])
      return imagesOf(['-'], { input: stdout })
    })
    const asIs = row.plain.map((file) => imagesOf([join(folder, file)]))
    const images = await imagesOf([folder], { path })
    const replaced = new Set(row.replaced?.map((image) => `registry.example.com/${image}`))
    const rendered = joint(await Promise.all([...byHand, ...asIs]))
    expect(images.toSorted()).toEqual(rendered.filter((image) => !replaced.has(image)))
    expect(images.toSorted()).toEqual(row.images.map((image) => `registry.example.com/${image}`).sort())
    const { stdout } = await runCli(['scan', folder, '--json'], {
      env: { PATH: `${path}${delimiter}${process.env.PATH}` },
    })
    const { findings } = JSON.parse(stdout)
    const elsewhere = findings.filter(({ code }: { code: string }) => code === 'CHART_ELSEWHERE')
    expect(elsewhere).toHaveLength(row.elsewhere)
  },
)

test.skipIf(HELM === undefined)(
  `the images of an umbrella chart are those of rendering it for each environment by hand${HELM === undefined ? ' (NOT RUN: no helm)' : ''}`,
  async () => {
    const folder = join(LAYOUTS, 'umbrella')
    const render = async (name: string, ...flags: string[]) => {
      const words = [
        'template',
        name,
        folder,
        '--values',
        `${folder}/envs/${name}.yaml`,
        '--kube-version',
        '1.34',
        ...flags,
      ]
      const { stdout } = await promisify(execFile)(HELM ?? '', words)
      return imagesOf(['-'], { input: stdout })
    }
    const byHand = joint([await render('prod', '--api-versions', 'monitoring.coreos.com/v1'), await render('test')])
    expect((await imagesOf([folder], { path: dirname(HELM ?? '') })).toSorted()).toEqual(byHand)
    expect(byHand.map((image) => image.replace('registry.example.com/', ''))).toEqual([
      ...['shop/cache:7.2', 'shop/db:15.4', 'shop/db:16.1', 'shop/exporter:2', 'shop/web:1.4', 'shop/web:1.5-rc1'],
      'tools/debug:1',
    ])
  },
)
