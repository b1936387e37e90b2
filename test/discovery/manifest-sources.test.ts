import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { scanText } from '../support/scan-text.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const resource = (apiVersion: string, kind: string, spec: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: ${spec}\n`

test.for<[apiVersion: string, kind: string, spec: string, says: string[]]>([
  [
    'argoproj.io/v1alpha1',
    'Application',
    '{source: {repoURL: https://git.example/a, path: k}}',
    ['takes manifests from https://git.example/a, path k'],
  ],
  [
    'argoproj.io/v1alpha1',
    'Application',
    '{source: {repoURL: https://git.example/a}}',
    ['takes manifests from https://git.example/a'],
  ],
  [
    'argoproj.io/v1alpha1',
    'Application',
    '{sources: [{repoURL: https://charts.example, chart: c}, {repoURL: https://git.example/a, ref: values}]}',
    ['installs the chart c'],
  ],
  [
    'argoproj.io/v1alpha1',
    'ApplicationSet',
    '{template: {spec: {source: {repoURL: https://git.example/a, path: "{{path}}"}}}}',
    ['takes manifests from https://git.example/a, path {{path}}'],
  ],
  [
    'argoproj.io/v1alpha1',
    'ApplicationSet',
    '{generators: [{git: {template: {spec: {source: {repoURL: https://charts.example, chart: c}}}}}, {list: {template: {spec: {source: {repoURL: https://git.example/a, path: p}}}}}], template: {}, templatePatch: "spec: {source: {repoURL: x}}"}',
    [
      'installs the chart c',
      'takes manifests from https://git.example/a, path p',
      'takes what its templatePatch names',
    ],
  ],
  [
    'argoproj.io/v1alpha1',
    'Application',
    '{sourceHydrator: {drySource: {repoURL: https://git.example/a, path: k}}}',
    ['takes manifests from https://git.example/a, path k'],
  ],
  [
    'fluxcd.controlplane.io/v1',
    'ResourceSet',
    '{resources: [{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}}, {kind: ConfigMap}], resourcesTemplate: "x"}',
    ['takes what its HelmRelease a installs', 'takes what its template makes'],
  ],
  [
    'zarf.dev/v1alpha1',
    'ZarfPackageConfig',
    '{}\ncomponents: [{manifests: [{files: [a.yaml, "https://x.io/b.yaml"], kustomizations: [./c, "github.com/x/y//z?ref=v1"]}], repos: ["https://x.io/d.git@v1"]}]',
    [
      'takes manifests from https://x.io/b.yaml',
      'takes manifests from github.com/x/y//z?ref=v1',
      'takes what the repository https://x.io/d.git@v1 holds',
    ],
  ],
  ['', 'UDSBundle', '{}\npackages: [{name: a, repository: x.io/p, ref: v1}]', ['takes the package x.io/p']],
  [
    'helm.cattle.io/v1',
    'HelmChartConfig',
    '{valuesContent: "image: {tag: 1}"}',
    ['takes the rest of an image, of which it says image.tag, from the chart x'],
  ],
  ['helm.cattle.io/v1', 'HelmChartConfig', '{valuesContent: "image: {repository: x.io/a, tag: 1}"}', []],
  [
    'mirror.openshift.io/v2alpha1',
    'ImageSetConfiguration',
    '{}\nmirror: {platform: {channels: [{name: stable-4.18}]}, operators: [{catalog: "x.io/c:1", packages: [{name: p}]}]}',
    ['takes the release of the channel stable-4.18', 'takes the operators of the catalog x.io/c:1'],
  ],
  ['pkg.crossplane.io/v1', 'Configuration', '{package: "x.io/p:v1"}', ['takes what the package x.io/p:v1 depends on']],
  [
    'hypershift.openshift.io/v1beta1',
    'HostedCluster',
    '{release: {image: "x.io/r:4"}}',
    ['takes the payload of the release x.io/r:4'],
  ],
  [
    'data.packaging.carvel.dev/v1alpha1',
    'Package',
    '{template: {spec: {fetch: [{imgpkgBundle: {image: "r.example/a:1"}}]}}}',
    ['takes manifests from r.example/a:1'],
  ],
  ['apps.open-cluster-management.io/v1', 'Subscription', '{channel: n/c}', ['takes what the channel n/c brings']],
  [
    'deployments.plural.sh/v1alpha1',
    'ServiceDeployment',
    '{repositoryRef: {name: g}, git: {folder: f}}',
    ['takes manifests from GitRepository g'],
  ],
  [
    'core.oam.dev/v1beta1',
    'Application',
    '{components: [{type: kustomize, properties: {url: https://git.example/a}}, {type: webservice, properties: {url: u}}]}',
    ['takes manifests from https://git.example/a'],
  ],
  [
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    '{sourceRef: {kind: GitRepository, name: g}, path: ./deploy}',
    ['takes manifests from GitRepository g, path ./deploy'],
  ],
  [
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    '{sourceRef: {kind: Bucket, name: b}}',
    ['takes manifests from Bucket b'],
  ],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{sourceRef: {kind: OCIRepository, name: b}}', []],
  [
    'fleet.cattle.io/v1alpha1',
    'GitRepo',
    '{repo: https://git.example/a, paths: [b, c]}',
    ['takes manifests from https://git.example/a, path b', 'takes manifests from https://git.example/a, path c'],
  ],
  [
    'fleet.cattle.io/v1alpha1',
    'Bundle',
    '{helm: {chart: foo, repo: "https://x", version: "1"}}',
    ['installs the chart foo 1'],
  ],
  [
    'helm.crossplane.io/v1beta1',
    'Release',
    '{forProvider: {chart: {name: blog, version: 1.0.0}}}',
    ['installs the chart blog 1.0.0'],
  ],
  [
    'configsync.gke.io/v1beta1',
    'RootSync',
    '{git: {repo: https://git.example/a, dir: b}}',
    ['takes manifests from https://git.example/a, path b'],
  ],
  [
    'kappctrl.k14s.io/v1alpha1',
    'App',
    '{fetch: [{git: {url: https://git.example/a}}]}',
    ['takes manifests from https://git.example/a'],
  ],
  [
    'operators.coreos.com/v1alpha1',
    'Subscription',
    '{name: etcd, source: c}',
    ['takes the operator etcd from the catalog c'],
  ],
  [
    'olm.operatorframework.io/v1',
    'ClusterExtension',
    '{source: {catalog: {packageName: foo}}}',
    ['takes the operator foo'],
  ],
  [
    'tekton.dev/v1',
    'Pipeline',
    '{tasks: [{taskRef: {resolver: bundles, params: [{name: bundle, value: "r.example/t/clone:1"}]}}]}',
    ['takes steps through the resolver bundles (bundle r.example/t/clone:1)'],
  ],
  [
    'tekton.dev/v1beta1',
    'TaskRun',
    '{taskRef: {name: a, bundle: r.example/t}}',
    ['takes steps from the bundle r.example/t'],
  ],
  ['tekton.dev/v1', 'PipelineRun', '{pipelineRef: {resolver: git}}', ['takes steps through the resolver git']],
  ['tekton.dev/v1', 'Pipeline', '{tasks: [{taskRef: {name: local}}]}', ['takes the Task local']],
  [
    'build.openshift.io/v1',
    'BuildConfig',
    '{strategy: {sourceStrategy: {from: {kind: ImageStreamTag, name: "nodejs:18"}}}}',
    ['takes the image of ImageStreamTag nodejs:18'],
  ],
  [
    'apps.openshift.io/v1',
    'DeploymentConfig',
    '{triggers: [{imageChangeParams: {from: {kind: ImageStreamTag, name: "a:1"}}}]}',
    ['takes the image of ImageStreamTag a:1'],
  ],
])('%s %s with %s says %j', ([apiVersion, kind, spec, says]) => {
  const { findings } = scanText(resource(apiVersion, kind, spec))
  const told = findings.filter(({ code }) => code === 'MANIFESTS_ELSEWHERE' || code === 'CHART_ELSEWHERE')
  expect(told.map(({ message }) => message)).toEqual(
    says.map((what) => `${kind} x: ${what}, whose images are not known here`),
  )
})

const STREAM = `apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: web}
spec: {tags: [{name: "1", from: {kind: DockerImage, name: "r.example/web:1"}}]}
`
const TRIGGERED = (stream: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    image.openshift.io/triggers: '[{"from":{"kind":"ImageStreamTag","name":"${stream}"},"fieldPath":"x"}]'
spec: {template: {spec: {containers: [{name: c, image: "r.example/old:1"}]}}}
`
const KNATIVE = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: web}
spec: {template: {spec: {containers: [{image: "r.example/web:1"}]}}}
`
const QUEUE = `apiVersion: v1
kind: ConfigMap
metadata: {name: config-deployment}
data: {queue-sidecar-image: "r.example/queue:1"}
`
const argo = (repository: string, path: string) =>
  `${resource('argoproj.io/v1alpha1', 'Application', `{source: {repoURL: "${repository}", path: "${path}"}}`)}---\n`
const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "r.example/p:1"}]}\n'
const [A, B] = ['https://git.example/team/a', 'git@git.example:team/b.git']

test.for<[what: string, files: Record<string, string>, left: number]>([
  ['a path that is there', { 'app.yaml': argo(A, './apps/web/'), 'apps/web/pod.yaml': POD }, 0],
  ['a path that is not there', { 'app.yaml': argo(A, 'apps/api'), 'apps/web/pod.yaml': POD }, 1],
  ['a path of that end elsewhere', { 'app.yaml': argo(A, 'web'), 'apps/web/pod.yaml': POD }, 1],
  ['a path whose file cannot be read', { 'app.yaml': argo(A, 'web'), 'web/pod.yaml': 'kind: Pod\n\tspec: [' }, 1],
  ['the root of a repository', { 'app.yaml': argo(A, '.'), 'pod.yaml': POD }, 1],
  [
    'another repository with such a path',
    { 'app.yaml': argo(A, 'web') + argo(A, 'api') + argo(B, 'web'), 'web/p.yaml': POD, 'api/p.yaml': POD },
    1,
  ],
  ['two repositories of which each may be it', { 'a.yaml': argo(A, 'web') + argo(B, 'web'), 'web/p.yaml': POD }, 2],
  [
    'one repository in two forms',
    { 'a.yaml': argo(B, 'web') + argo('https://git.example/team/b', 'web'), 'web/p.yaml': POD },
    0,
  ],
  ['a stream that is there', { 'a.yaml': TRIGGERED('web:1'), 'b.yaml': STREAM }, 0],
  ['a tag of it that is not', { 'a.yaml': TRIGGERED('web:2'), 'b.yaml': STREAM }, 1],
  ['no stream', { 'a.yaml': TRIGGERED('web:1') }, 1],
  ['the sidecar of Knative that nothing names', { 'a.yaml': KNATIVE }, 1],
  ['the sidecar of Knative that its configuration names', { 'a.yaml': KNATIVE, 'b.yaml': QUEUE }, 0],
])('the inputs settle %s, or it is said', async ([, files, left]) => {
  const root = await temporaryDirectory()
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  const { findings } = await scanInputs([root])
  const said = findings.filter(({ code }) => code === 'MANIFESTS_ELSEWHERE' || code === 'OPERATOR_CHOOSES')
  expect(said.map(({ message }) => message)).toHaveLength(left)
})
