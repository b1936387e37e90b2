import { join } from 'node:path'
import { expect } from 'vitest'
import { patchFiles } from '../../src/cli/files/patch-files.ts'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { FINDING_CODES } from '../../src/finding-codes.ts'
import { runCli } from '../support/cli.ts'
import { testWith, toolEnvironment } from '../support/debian.ts'
import { pathWithHelm, testWithHelm } from '../support/helm.ts'
import { directoryWith } from '../support/temporary.ts'

process.env.PATH = pathWithHelm()
process.env.PATH = toolEnvironment().PATH

type Files = Readonly<Record<string, string>>

/** A chart whose image is `r.example.com/NAME:TAG`, with the tag of its values, the release and the namespace. */
const chart = (name: string, values = 'tag: default'): Files => ({
  [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name.replace(/.*\//, '')}\nversion: 1.0.0\n`,
  [`${name}/values.yaml`]: `${values}\n`,
  [`${name}/templates/pod.yaml`]: `apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}}
spec:
  containers:
    - {name: main, image: "r.example.com/{{ .Chart.Name }}:{{ .Values.tag }}-{{ .Release.Name }}-{{ .Release.Namespace }}"}
{{ if .Values.extra }}    - {name: extra, image: "r.example.com/{{ .Values.extra }}"}{{ end }}
`,
})

const object = (apiVersion: string, kind: string, name: string, spec: string) =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: gitops}\nspec: ${spec}\n`
const application = (name: string, spec: string) => object('argoproj.io/v1alpha1', 'Application', name, spec)
const release = (name: string, spec: string) => object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', name, spec)
const git = object(
  'source.toolkit.fluxcd.io/v1',
  'GitRepository',
  'tree',
  '{url: "ssh://git@git.example.com/shop/tree"}',
)

const TREE = 'repoURL: "https://git.example.com/shop/tree.git"'
const IN_GIT = 'sourceRef: {kind: GitRepository, name: tree}'

interface Row {
  readonly what: string
  readonly files: Files
  readonly images: readonly string[]
  /** Texts of what is left out. */
  readonly omissions?: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    what: 'a chart at the path of an Application',
    files: {
      ...chart('charts/web'),
      ...chart('charts/alone'),
      'charts/web/prod.yaml': 'tag: in-chart\n',
      'values/prod.yaml': 'tag: in-tree\nimageTag: in-tree\nextra: tree\n',
      'apps/all.yaml': [
        ['object', 'helm: {valuesObject: {tag: o}}'],
        ['text', 'helm: {values: "tag: t"}'],
        ['set', 'helm: {releaseName: named, valuesObject: {tag: o}, parameters: [{name: tag, value: p}]}'],
        ['file', 'helm: {valueFiles: [prod.yaml]}'],
        ['root', 'helm: {valueFiles: [/values/prod.yaml], valuesObject: {extra: null}}'],
        ['above', 'helm: {valueFiles: [../../values/prod.yaml, none.yaml], ignoreMissingValueFiles: true}'],
        ['lacks', 'helm: {valueFiles: [none.yaml, ../../../../../../etc/hostname]}'],
      ]
        .map(([name = '', helm]) =>
          application(name, `{destination: {namespace: live}, source: {${TREE}, path: ./charts/web/, ${helm}}}`),
        )
        .join(''),
    },
    images: [
      ...['alone:default-release-default', 'tree', 'web:default-lacks-live', 'web:in-chart-file-live'],
      ...[
        'web:in-tree-above-live',
        'web:in-tree-root-live',
        'web:o-object-live',
        'web:p-named-live',
        'web:t-text-live',
      ],
    ],
    omissions: [
      'Application gitops/lacks: the values in ../../../../../../etc/hostname are not here',
      'Application gitops/lacks: the values in none.yaml are not here',
    ],
  },
  {
    what: 'values of another source of an Application, of which the inputs are the copy',
    files: {
      ...chart('charts/web'),
      'values/prod.yaml': 'tag: in-tree\n',
      'app.yaml': application(
        'two',
        `{sources: [{${TREE}, path: charts/web, helm: {valueFiles: [$v/values/prod.yaml]}}, {${TREE}, ref: v}]}`,
      ),
    },
    images: ['web:in-tree-two-default'],
  },
  {
    what: 'a chart of a HelmRelease in git, whose files of values stand for those of the chart',
    files: {
      ...chart('charts/web', 'tag: default\nextra: unwanted'),
      'charts/web/prod.yaml': 'tag: prod\n',
      'git.yaml': git,
      'releases.yaml':
        release('plain', `{chart: {spec: {chart: charts/web, ${IN_GIT}}}, values: {tag: v}, targetNamespace: live}`) +
        release('files', `{chart: {spec: {chart: ./charts/web, ${IN_GIT}, valuesFiles: [charts/web/prod.yaml]}}}`),
    },
    images: ['unwanted', 'web:prod-files-gitops', 'web:v-live-plain-live'],
  },
  {
    what: 'a chart of applications, and what its applications install',
    files: {
      ...chart('charts/web'),
      ...chart('charts/db'),
      'apps/Chart.yaml': 'apiVersion: v2\nname: apps\nversion: 1.0.0\n',
      'apps/values.yaml': 'tag: default\n',
      'apps/templates/web.yaml': application(
        '{{ .Release.Name }}-web',
        `{source: {${TREE}, path: charts/web, helm: {valuesObject: {tag: "{{ .Values.tag }}"}}}}`,
      ),
      'root.yaml': application('root', `{source: {${TREE}, path: apps, helm: {valuesObject: {tag: deep}}}}`),
    },
    images: ['db:default-release-default', 'web:deep-root-web-default'],
  },
  {
    what: 'a path of two repositories, of which nobody knows which one this is',
    files: {
      ...chart('charts/web'),
      ...chart('charts/db'),
      'apps.yaml':
        application('web', `{source: {${TREE}, path: charts/web, helm: {valuesObject: {tag: w}}}}`) +
        application('db', '{source: {repoURL: "https://git.example.com/other", path: charts/db}}'),
    },
    images: ['db:default-release-default', 'web:default-release-default'],
    omissions: [
      'Application gitops/db: takes manifests from https://git.example.com/other, path charts/db',
      'Application gitops/db: whether charts/db of https://git.example.com/other is what is here',
      'Application gitops/web: takes manifests from https://git.example.com/shop/tree.git, path charts/web',
      'Application gitops/web: whether charts/web of https://git.example.com/shop/tree.git is what is here',
    ],
  },
  {
    what: 'a path of the repository that git knows as the remote',
    files: {
      '.git/config': '[remote "origin"]\n\turl = git@git.example.com:shop/tree.git\n',
      ...chart('charts/web'),
      ...chart('charts/db'),
      'apps.yaml':
        application('web', `{source: {${TREE}, path: charts/web, helm: {valuesObject: {tag: w}}}}`) +
        application('db', '{source: {repoURL: "https://git.example.com/other", path: charts/db}}'),
    },
    images: ['db:default-release-default', 'web:w-web-default'],
    omissions: [
      'Application gitops/db: takes manifests from',
      'Application gitops/db: whether charts/db of https://git.example.com/other is what is here',
    ],
  },
  {
    what: 'what Argo CD keeps beside a chart and beside a kustomization, and what only its generators know',
    files: {
      ...chart('charts/web'),
      'charts/web/.argocd-source-kept.yaml': 'helm: {parameters: [{name: tag, value: kept}], releaseName: x}\n',
      'set/kustomization.yaml': 'resources: [pod.yaml]\n',
      'set/pod.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: "r.example.com/set:1"}]}\n',
      'set/.argocd-source.yaml': 'kustomize: {images: ["r.example.com/set:2"]}\n',
      'apps.yaml':
        application('kept', `{source: {${TREE}, path: charts/web, helm: {parameters: [{name: tag, value: p}]}}}`) +
        application('set', `{sourceHydrator: {drySource: {${TREE}, path: set}}}`) +
        object(
          'argoproj.io/v1alpha1',
          'ApplicationSet',
          'open',
          `{generators: [{clusters: {}}], template: {metadata: {name: "{{name}}-a"}, spec: {source: {${TREE}, path: charts/web, helm: {parameters: [{name: tag, value: "{{tag}}"}]}}}}}`,
        ),
    },
    images: ['set:2', 'web:default-x-a-default', 'web:kept-kept-default'],
    omissions: [
      'Application gitops/kept: not all of .argocd-source-kept.yaml is applied',
      'ApplicationSet gitops/open: what its generators fill in is not known',
    ],
  },
  {
    what: 'a chart that is here beside one that is not',
    files: {
      ...chart('charts/web'),
      'app.yaml': application(
        'two',
        `{sources: [{repoURL: r.example.com/charts, chart: db, targetRevision: 1.0.0}, {${TREE}, path: charts/web}]}`,
      ),
    },
    images: ['web:default-two-default'],
    omissions: ['Application gitops/two: installs the chart db 1.0.0'],
  },
  {
    what: 'charts beside the files of tools that install them',
    files: {
      ...chart('charts/web'),
      ...chart('fleet/own'),
      'helmfile.yaml':
        'releases: [{name: hf, namespace: live, chart: charts/web, values: [values/hf.yaml, {tag: inline}], set: [{name: extra, value: hf-extra}]}, {name: far, chart: ../far}, {name: repo, chart: repo/db, version: 1.0.0}]\n',
      'values/hf.yaml': 'tag: hf\n',
      'fleet/fleet.yaml':
        'defaultNamespace: live\nhelm: {chart: ../charts/web, releaseName: fl, values: {tag: inline}, valuesFiles: [more.yaml]}\ntargetCustomizations: [{name: a, helm: {values: {tag: target}}}, {name: b, clusterGroup: x}]\n',
      'fleet/more.yaml': 'tag: more\n',
      'far/fleet.yaml': 'helm: {repo: "https://c.example.com", chart: far, version: 1.0.0}\n',
      'fleet/own/fleet.yaml': 'helm: {values: {tag: own}}\n',
      'skaffold.yaml':
        'apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {helm: {releases: [{name: sk, chartPath: charts/web, valuesFiles: [none.yaml], setValues: {tag: set, nested.a: 1, extra: sk-extra}}]}}\n',
      'zarf.yaml':
        'kind: ZarfPackageConfig\nmetadata: {name: p}\ncomponents: [{name: c, charts: [{name: zf, localPath: charts/web, namespace: live, valuesFiles: [values/hf.yaml]}]}]\n',
    },
    images: [
      ...['hf-extra', 'own:own-own-default', 'sk-extra', 'web:hf-zf-live', 'web:inline-hf-live', 'web:more-fl-live'],
      ...['web:set-sk-default', 'web:target-fl-live'],
    ],
    omissions: [
      '(no kind) (no name): installs the chart far 1.0.0',
      '(no kind) (no name): installs the chart repo/db 1.0.0',
      'Config (no name): the values in none.yaml are not here',
      '/helmfile.yaml: installs the chart ../far, which is not among the inputs',
    ],
  },
  {
    what: 'what a project file says of a chart, over what installs it',
    files: {
      ...chart('charts/web'),
      'nodeseed.yaml': 'charts: {charts/web: {set: [tag=mine]}}\n',
      'app.yaml': application('web', `{source: {${TREE}, path: charts/web, helm: {valuesObject: {tag: w}}}}`),
    },
    images: ['web:mine-release-default'],
  },
]

const kustomization = (name: string, spec: string) =>
  object(
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    name,
    `{sourceRef: {kind: GitRepository, name: tree}, ${spec}}`,
  )
const pod = (name: string, image = name) =>
  `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: main, image: "r.example.com/${image}"}]}\n`
const patch = (name: string, image: string) =>
  `patches: [{target: {kind: Pod, name: ${name}}, patch: '[{"op": "replace", "path": "/spec/containers/0/image", "value": "r.example.com/${image}"}]'}]`

/** Those that need no helm. */
const PATHS: readonly Row[] = [
  {
    what: 'a Flux Kustomization that changes what it applies',
    files: {
      'cluster/flux.yaml':
        kustomization(
          'web',
          `path: ./web/prod, images: [{name: r.example.com/base, newTag: "2"}], ${patch('web', 'patched:1')}, components: [../part]`,
        ) +
        kustomization('plain', 'path: plain, images: [{name: r.example.com/plain, newName: r.example.com/other}]') +
        kustomization('base', 'path: web/base'),
      'web/base/kustomization.yaml': 'resources: [pod.yaml, other.yaml]\n',
      'web/base/pod.yaml': pod('web', 'base:1'),
      'web/base/other.yaml': pod('side', 'base:1'),
      'web/prod/kustomization.yaml':
        'resources: [../base]\nconfigMapGenerator: [{name: c, files: [own=x.txt]}]\nimages: [{name: r.example.com/base, newTag: "1.5"}]\n',
      'web/prod/x.txt': 'x',
      'web/part/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [extra.yaml]\n',
      'web/part/extra.yaml': pod('extra'),
      'plain/pod.yaml': pod('plain'),
      'plain/deep/pod.yaml': pod('deep'),
      'plain/sub/kustomization.yaml': 'resources: [pod.yaml]\n',
      'plain/sub/pod.yaml': pod('sub', 'plain:3'),
      'plain/values.yaml': 'image: r.example.com/value:1\n',
    },
    images: ['base:1', 'base:2', 'deep', 'extra', 'other', 'other:3', 'patched:1', 'value:1'],
  },
  {
    what: 'a Flux Kustomization in a dump of a cluster',
    files: {
      'dump.yaml': `${kustomization('web', 'path: web, images: [{name: r.example.com/web, newTag: "8"}]')}---\n${`# ${'x'.repeat(1000)}\n`.repeat(4300)}`,
      'web/pod.yaml': pod('web'),
    },
    images: ['web:8'],
  },
  {
    what: 'a Flux Kustomization that patches another one',
    files: {
      'clusters/prod/kustomization.yaml': 'resources: [apps.yaml]\n',
      'clusters/prod/apps.yaml': kustomization('apps', 'path: ./apps'),
      'sync.yaml': kustomization(
        'flux-system',
        `path: ./clusters/prod, patches: [{target: {kind: Kustomization}, patch: '[{"op": "add", "path": "/spec/images", "value": [{"name": "r.example.com/web", "newTag": "7"}]}]'}]`,
      ),
      'apps/web.yaml': pod('web'),
    },
    images: ['web:7'],
  },
  {
    what: 'variables that Flux fills in',
    files: {
      'flux.yaml':
        kustomization(
          'apps',
          'path: apps, postBuild: {substitute: {tag: "2", empty: ""}, substituteFrom: [{kind: ConfigMap, name: vars}, {kind: Secret, name: gone}]}',
        ) +
        '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: gitops}\ndata: {tag: "1", name: Web}\n',
      'apps/pods.yaml':
        pod('a', 'a:${tag}') +
        pod('b', '${name,,}:${other:=${tag}}') +
        pod('c', 'c:${empty:-3}') +
        pod('d', 'd:${unset}') +
        pod('e', 'e:$${tag}').replace('{name: e}', '{name: e, annotations: {a: "1"}}') +
        pod('f', 'f:${tag}').replace(
          '{name: f}',
          '{name: f, annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}',
        ),
    },
    images: ['a:2', 'c:3', 'web:2'],
    omissions: [
      'Kustomization gitops/apps: the variables in Secret gitops/gone are not here',
      'Pod d, container main: the image "r.example.com/d:${unset}" is not complete',
      'Pod e, container main: the image "r.example.com/e:${tag}" is not complete',
      'Pod f, container main: the image "r.example.com/f:${tag}" is not complete',
    ],
  },
  {
    what: 'an Application that changes what it applies',
    files: {
      'apps.yaml':
        application(
          'set',
          `{source: {${TREE}, path: set, kustomize: {namePrefix: x-, images: ["r.example.com/a:2", "r.example.com/b=r.example.com/c@sha256:${'0'.repeat(64)}", "r.example.com/d=*:9"], ${patch('e', 'patched')}}}}`,
        ) +
        application('raw', `{source: {${TREE}, path: raw, kustomize: {images: ["r.example.com/raw:2"]}}}`) +
        application('plugin', `{source: {${TREE}, path: raw, plugin: {name: x}}}`),
      'set/kustomization.yaml':
        'resources: [pods.yaml]\nimages: [{name: r.example.com/d, newName: r.example.com/dd, newTag: "1"}]\n',
      'set/pods.yaml': ['a', 'b', 'd', 'e'].map((name) => pod(name, `${name}:1`)).join(''),
      'raw/pod.yaml': pod('raw'),
    },
    images: ['a:2', `c@sha256:${'0'.repeat(64)}`, 'dd:9', 'patched', 'raw', 'raw:2'],
    omissions: [
      'Application gitops/plugin: its plugin is not run',
      'Application gitops/raw: raw has no kustomization, so its images are not applied',
    ],
  },
  {
    what: 'changes of what is not here, or not surely',
    files: {
      'flux.yaml':
        object(
          'kustomize.toolkit.fluxcd.io/v1',
          'Kustomization',
          'art',
          '{sourceRef: {kind: OCIRepository, name: art}, path: ./, images: [{name: r.example.com/a, newTag: "1"}]}',
        ) +
        kustomization('a', 'path: a, namePrefix: x-') +
        application('b', '{source: {repoURL: "https://git.example.com/b", path: b, kustomize: {nameSuffix: -x}}}'),
      'a/pod.yaml': pod('a'),
      'b/pod.yaml': pod('b'),
    },
    images: ['a', 'a:1', 'b'],
    omissions: [
      'Application gitops/b: takes manifests from https://git.example.com/b, path b',
      'Application gitops/b: whether b of https://git.example.com/b is what is here is not known',
      'Kustomization gitops/a: takes manifests from GitRepository tree, path a',
      'Kustomization gitops/a: whether a of GitRepository tree is what is here is not known',
      'Kustomization gitops/art: its images are not applied',
    ],
  },
]

async function expectFound({ files, images, omissions = [] }: Row): Promise<void> {
  const { uses, findings } = await scanInputs([await directoryWith(files)])
  expect([...new Set(uses.map(({ reference }) => reference))].sort()).toEqual(
    images.map((image) => `r.example.com/${image}`),
  )
  const left = findings.filter(({ code }) => FINDING_CODES[code].kind === 'omission').map(({ message }) => message)
  expect(left.sort()).toEqual(omissions.map((text) => expect.stringContaining(text)))
}

testWithHelm('charts of kustomizations')('the charts that a kustomization takes in are rendered, or said', async () => {
  const files = {
    ...chart('web/charts/web'),
    'web/kustomization.yaml':
      'helmCharts: [{name: web, releaseName: k, namespace: live, valuesInline: {tag: inline}}]\nimages: [{name: r.example.com/none}]\n',
    'far/kustomization.yaml': 'helmCharts: [{name: far, repo: "https://c.example.com", version: 1.0.0}]\n',
    'set/kustomization.yaml': 'helmGlobals: {configHome: x}\nhelmCharts: [{name: web}]\n',
    'flux.yaml': git + kustomization('web', 'path: web, namePrefix: x-'),
  }
  const images = ['web:inline-k-live']
  const omissions = [
    '/far: takes in the chart far, which is not at',
    '/set: names settings for helm (helmGlobals.configHome)',
  ]
  await expectFound({ what: '', files, images, omissions })
})

testWithHelm('charts in patch')('charts are patched as they are installed; what changes files is said', async () => {
  const directory = await directoryWith({
    ...chart('charts/web'),
    'app.yaml': application('web', `{source: {${TREE}, path: charts/web, helm: {valuesObject: {tag: w}}}}`),
    'flux.yaml':
      git + kustomization('raw', 'path: raw, namePrefix: x-') + release('far', '{chart: {spec: {chart: far}}}'),
    'raw/pod.yaml': pod('raw'),
  })
  const { files, findings } = await patchFiles([directory], () => ({ edits: [], refusals: [] }), {})
  expect(files.map(({ text }) => text).join('')).toContain('image: "r.example.com/web:w-web-default"')
  expect(files.map(({ file }) => file)).toContain(join(directory, 'raw/pod.yaml'))
  const left = findings.filter(({ code }) => FINDING_CODES[code].kind === 'omission').map(({ message }) => message)
  expect(left.sort()).toEqual([
    'HelmRelease gitops/far: installs the chart far, whose images are not known here',
    'Kustomization gitops/raw: its namePrefix are not applied, since files stay as they are',
  ])
})

testWithHelm('what a tree deploys of its charts').for(ROWS)('$what', expectFound)
testWith(['kubectl']).for(PATHS)('$what', expectFound)

testWith(['kubectl'])('what deploys other inputs may stand on standard input', async () => {
  const directory = await directoryWith({ 'tree/web/pod.yaml': pod('web') })
  const input = `${git}${kustomization('web', 'path: web, images: [{name: r.example.com/web, newTag: "8"}]')}${pod('own', 'own:1')}`
  const { stdout } = await runCli(['scan', '--json', '-', join(directory, 'tree')], { input })
  expect(JSON.parse(stdout).images).toEqual(['r.example.com/own:1', 'r.example.com/web:8'])
})
