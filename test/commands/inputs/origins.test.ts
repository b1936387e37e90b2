import { chmod } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { testWith, tool } from '../../support/debian.ts'
import { directoryWith } from '../../support/temporary.ts'

const pod = (name: string, image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n    - name: c\n      image: ${image}\n`

async function places(folder: string, path: string) {
  const env = { PATH: `${path}${delimiter}${process.env.PATH}`, HELM_OUTPUT: process.env.HELM_OUTPUT ?? '' }
  const { stdout } = await runCli(['scan', folder, '--json'], { env })
  const { uses, findings } = JSON.parse(stdout)
  const placeOf = ({ file, line }: { file: string; line: number }) => `${file.slice(folder.length + 1)}:${line}`
  return {
    uses: uses.map((use: { reference: string; file: string; line: number }) => `${use.reference} ${placeOf(use)}`),
    findings: findings.filter(({ code }: { code: string }) => code !== 'CHART_RENDERED').map(placeOf),
  }
}

// Stands in for helm: prints what a chart renders to, as helm prints it.
const HELM = `#!/bin/sh
case "$1" in
  template) cat <<'EOF'
---
# Source: shop/crds/pod.yaml
${pod('crd', 'crd:1')}---
# Source: shop/charts/db/templates/db.yaml
${pod('db', 'db:16')}
---
# Source: shop/templates/web.yaml
${pod('web', 'web:latest')}
---
# Source: shop/../../outside.yaml
${pod('out', 'out:1')}
---
${pod('plain', 'plain:1')}
EOF
  ;;
  show) cat "$4/Chart.yaml" ;;
esac
`

test('what a chart renders is told at its templates', async () => {
  const folder = await directoryWith({
    'bin/helm': HELM,
    'shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'shop/crds/pod.yaml': pod('crd', 'crd:1'),
    'shop/templates/web.yaml': '{{- if .x }}\nkind: Pod\nimage: {{ .Values.image }}\n{{- end }}\n',
  })
  await chmod(join(folder, 'bin/helm'), 0o755)
  const found = await places(folder, join(folder, 'bin'))
  expect(found.uses).toEqual([
    'crd:1 shop/crds/pod.yaml:8',
    'db:16 shop/charts/db/templates/db.yaml:1',
    'web:latest shop/templates/web.yaml:3',
    expect.stringMatching(/^out:1 shop:\d+$/),
    expect.stringMatching(/^plain:1 shop:\d+$/),
  ])
  expect(found.findings).toEqual(['shop/templates/web.yaml:3'])
})

testWith(['kubectl'])('what a kustomization renders is told at the file that has the resource', async () => {
  const folder = await directoryWith({
    'base/kustomization.yaml': 'resources: [pods.yaml]\n',
    'base/pods.yaml': `${pod('a', 'a:1')}---\n${pod('b', 'b:1')}`,
    'prod/kustomization.yaml': 'namePrefix: prod-\nresources: [../base, c.yaml]\nimages: [{name: b, newTag: "2"}]\n',
    'prod/c.yaml': pod('c', 'c:latest'),
  })
  const { uses, findings } = await places(folder, dirname(tool('kubectl')))
  expect(uses.sort()).toEqual(['a:1 base/pods.yaml:8', 'b:2 base/pods.yaml:13', 'c:latest prod/c.yaml:8'])
  expect(findings).toEqual(['prod/c.yaml:8'])
})

test('patch tells what a chart renders at its templates too', async () => {
  const folder = await directoryWith({
    'bin/helm': HELM,
    'shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'shop/crds/pod.yaml': pod('crd', 'crd:1'),
    'shop/templates/web.yaml': '{{- if .x }}\nkind: Pod\nimage: {{ .Values.image }}\n{{- end }}\n',
    'placed/placement.json': JSON.stringify({ workloads: [] }),
  })
  await chmod(join(folder, 'bin/helm'), 0o755)
  const env = { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` }
  const placed = ['--placement', join(folder, 'placed'), '--json']
  for (const output of [[], ['--output', join(folder, 'offline')]]) {
    const { stdout } = await runCli(['patch', join(folder, 'shop'), ...placed, ...output], { env })
    const { findings } = JSON.parse(stdout)
    const web = findings.filter(({ subject }: { subject?: string }) => subject === 'Pod web')
    expect(web).toMatchObject([{ code: 'NOT_IN_PLACEMENT', file: join(folder, 'shop/templates/web.yaml') }])
  }
})
