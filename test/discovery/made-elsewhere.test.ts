import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const of = (apiVersion: string, kind: string, spec: string) =>
  scanText(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: ${spec}\n`)

test.for<[apiVersion: string, kind: string, spec: string, image: string]>([
  ['elasticsearch.k8s.elastic.co/v1', 'Elasticsearch', '{version: 9.4.3}', 'elasticsearch/elasticsearch:9.4.3'],
  ['kibana.k8s.elastic.co/v1', 'Kibana', '{version: 9.4.3}', 'kibana/kibana:9.4.3'],
  ['agent.k8s.elastic.co/v1alpha1', 'Agent', '{version: 9.0.0}', 'elastic-agent/elastic-agent:9.0.0'],
  ['agent.k8s.elastic.co/v1alpha1', 'Agent', '{version: 8.19.0}', 'beats/elastic-agent:8.19.0'],
  ['beat.k8s.elastic.co/v1beta1', 'Beat', '{type: filebeat, version: 9.1.0}', 'beats/filebeat:9.1.0'],
])('the version of %s %s with %s is an image', ([apiVersion, kind, spec, image]) => {
  const { uses, findings } = of(apiVersion, kind, spec)
  expect(uses).toMatchObject([{ reference: `docker.elastic.co/${image}`, confidence: 'likely' }])
  expect(findings).toEqual([])
})

test('an image that is named comes before the convention', () => {
  const { uses } = of('kibana.k8s.elastic.co/v1', 'Kibana', '{version: 9.4.3, image: "x.io/kibana:9"}')
  expect(uses.map(({ reference }) => reference)).toEqual(['x.io/kibana:9'])
})

test.for<[apiVersion: string, kind: string, spec: string, codes: string[]]>([
  ['kafka.strimzi.io/v1', 'Kafka', '{kafka: {version: 4.1.0}}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{version: "16.2"}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{version: "16.2", image: "x/y:1"}', []],
  ['x.example/v1', 'Database', '{version: stable}', []],
  ['x.example/v1', 'Database', '{replicas: 3}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{server: {resources: {limits: {memory: 1Gi}}}}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{podTemplate: {metadata: {labels: {a: b}}}}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{replicas: 3, web: {image: "x/y:1"}}', []],
  ['x.example/v1', 'Database', '{replicas: 0, name: a}', []],
  ['x.example/v1', 'DataTopic', '{replicas: 3}', []],
  ['x.example/v1', 'Database', '{mode: ha}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{web: {highAvailability: {enabled: true}}}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{storage: {storageClassName: fast}}', ['OPERATOR_CHOOSES']],
  ['x.example/v1', 'Database', '{mode: strict, storage: {size: 1Gi}}', []],
  ['redis.x.example/v1', 'Redis', '{kubernetesConfig: {resources: {}}}', ['OPERATOR_CHOOSES']],
  ['redis.x.example/v1', 'RedisCluster', '{image: "x/y:1"}', []],
  ['redis.x.example/v1', 'RedisUser', '{acl: a}', []],
  ['redis.cnrm.cloud.google.com/v1', 'RedisInstance', '{tier: BASIC}', []],
  ['keda.sh/v1alpha1', 'ScaledJob', '{replicas: 3}', []],
  ['k8s.keycloak.org/v2', 'Keycloak', '{instances: 1}', ['OPERATOR_CHOOSES']],
  ['quay.redhat.com/v1', 'QuayRegistry', '{components: [{kind: clair, managed: true}]}', ['OPERATOR_CHOOSES']],
  ['stackgres.io/v1', 'SGCluster', '{instances: 1, postgres: {version: "16.2"}}', ['OPERATOR_CHOOSES']],
  ['kafka.banzaicloud.io/v1beta1', 'KafkaCluster', '{headlessServiceEnabled: true}', ['OPERATOR_CHOOSES']],
  ['kafka.banzaicloud.io/v1beta1', 'KafkaCluster', '{clusterImage: "x.io/kafka:1"}', []],
  [
    'serving.kserve.io/v1beta1',
    'InferenceService',
    '{predictor: {model: {storageUri: "oci://x.io/m:1"}}}',
    ['OPERATOR_CHOOSES'],
  ],
  ['serving.kserve.io/v1beta1', 'InferenceService', '{predictor: {containers: [{name: a, image: "x/y:1"}]}}', []],
  ['serving.kserve.io/v1alpha1', 'InferenceGraph', '{nodes: {root: {routerType: Sequence}}}', ['OPERATOR_CHOOSES']],
  ['crdb.cockroachlabs.com/v1alpha1', 'CrdbCluster', '{nodes: 3}', ['OPERATOR_CHOOSES']],
  ['crdb.cockroachlabs.com/v1alpha1', 'CrdbCluster', '{image: {name: "x/y:1"}}', []],
  ['sriovnetwork.openshift.io/v1', 'SriovOperatorConfig', '{enableInjector: true}', ['OPERATOR_CHOOSES']],
  ['fluentbit.fluent.io/v1alpha2', 'FluentBit', '{fluentBitConfigName: a}', ['OPERATOR_CHOOSES']],
  ['nmstate.io/v1', 'NMState', '{}', ['OPERATOR_CHOOSES']],
  ['nvidia.com/v1', 'ClusterPolicy', '{driver: {enabled: true}}', ['OPERATOR_CHOOSES']],
  [
    'nvidia.com/v1',
    'ClusterPolicy',
    '{a: {repository: x.io, image: y, version: v1}, b: {image: "x.io/z:1"}, c: {repository: x.io, image: y}, d: {enabled: true}, e: {enabled: false}}',
    ['OPERATOR_CHOOSES', 'OPERATOR_CHOOSES'],
  ],
  ['helm.cattle.io/v1', 'HelmChart', '{version: 1.0.0}', ['CHART_ELSEWHERE']],
  ['helm.cattle.io/v1', 'HelmChartConfig', '{valuesContent: "a: 1"}', []],
  ['piraeus.io/v1', 'LinstorCluster', '{}', ['OPERATOR_CHOOSES']],
  ['controlplane.cluster.x-k8s.io/v1beta2', 'RKE2ControlPlane', '{version: v1.34.1}', ['OPERATOR_CHOOSES']],
  ['operator.cluster.x-k8s.io/v1alpha2', 'InfrastructureProvider', '{}', ['OPERATOR_CHOOSES']],
  ['k6.io/v1alpha1', 'TestRun', '{parallelism: 1}', ['OPERATOR_CHOOSES']],
  ['k6.io/v1alpha1', 'TestRun', '{runner: {image: "x.io/k6:1"}}', []],
  ['nfd.openshift.io/v1', 'NodeFeatureDiscovery', '{operand: {servicePort: 1}}', ['OPERATOR_CHOOSES']],
  [
    'gateway.networking.k8s.io/v1',
    'GatewayClass',
    '{controllerName: gateway.envoyproxy.io/gatewayclass-controller}',
    ['OPERATOR_CHOOSES'],
  ],
  ['gateway.networking.k8s.io/v1', 'GatewayClass', '{controllerName: networking.gke.io/gateway}', []],
  ['gateway.networking.k8s.io/v1', 'Gateway', '{gatewayClassName: eg}', ['OPERATOR_CHOOSES']],
  ['gateway.networking.k8s.io/v1', 'Gateway', '{gatewayClassName: cilium}', []],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute', '{version: "1.2"}', []],
  ['apps/v1', 'Deployment', '{version: "1.2"}', []],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{chart: {spec: {chart: a, version: 1.2.3}}}', ['CHART_ELSEWHERE']],
  ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{chartRef: {kind: OCIRepository, name: a}}', ['CHART_ELSEWHERE']],
  ['helm.cattle.io/v1', 'HelmChart', '{chart: a, version: 1.2.3}', ['CHART_ELSEWHERE']],
  ['helm.cattle.io/v1', 'HelmChart', '{chartContent: AAAA}', ['CHART_ELSEWHERE']],
  ['helm.cattle.io/v1', 'HelmChart', '{chartContent: "", chart: a}', ['CHART_ELSEWHERE']],
  ['fleet.cattle.io/v1alpha1', 'HelmOp', '{helm: {repo: "oci://r.example/a"}}', ['CHART_ELSEWHERE']],
  ['management.cattle.io/v3', 'ManagedChart', '{chart: a, repoName: r, version: 1.2.3}', ['CHART_ELSEWHERE']],
  [
    'core.oam.dev/v1beta1',
    'Application',
    '{components: [{type: helm, properties: {repoType: helm, url: "https://c.example", chart: a, version: "1"}}]}',
    ['CHART_ELSEWHERE'],
  ],
  ['x.example/v1', 'Addon', '{helm: {chartLocationURL: "https://c.example/a.tgz"}}', ['CHART_ELSEWHERE']],
  ['x.example/v1', 'Addon', '{source: {chart: {name: a, repository: "https://c.example"}}}', ['CHART_ELSEWHERE']],
  ['x.example/v1', 'Addon', '{helm: {chart: "oci://r.example/charts/a"}}', ['CHART_ELSEWHERE']],
  [
    'project.cattle.io/v3',
    'App',
    '{externalId: "catalog://?catalog=library&template=a&version=1"}',
    ['CHART_ELSEWHERE'],
  ],
  ['x.example/v1', 'Addon', '{release: {chartRef: {kind: HelmChart, name: a}}}', ['CHART_ELSEWHERE']],
  ['x.example/v1', 'Config', '{helm: {charts: [{name: a, chartname: r/a, version: 1.2.3}]}}', ['CHART_ELSEWHERE']],
  ['x.example/v1', 'Board', '{panels: [{chart: line, title: a}, {chart: {name: b, color: red}}]}', []],
  ['x.example/v1', 'Board', '{values: {chart: a, version: "1"}}', []],
  ['argoproj.io/v1alpha1', 'Application', '{source: {chart: a, targetRevision: 1.2.3}}', ['CHART_ELSEWHERE']],
  ['argoproj.io/v1alpha1', 'Application', '{sources: [{path: x}, {chart: a}]}', ['CHART_ELSEWHERE']],
  ['argoproj.io/v1alpha1', 'Application', '{source: {path: a}}', []],
])('%s %s with %s says %j', ([apiVersion, kind, spec, codes]) => {
  expect(of(apiVersion, kind, spec).findings.map(({ code }) => code)).toEqual(codes)
})

test.for<[apiVersion: string, kind: string, spec: string, codes: string[]]>([
  ['helm.cattle.io/v1', 'HelmChart', '{chartContent: AAAA}', ['CHART_ELSEWHERE']],
  ['helm.cattle.io/v1', 'HelmChart', '{chart: a}', ['CHART_ELSEWHERE']],
  ['kafka.strimzi.io/v1', 'Kafka', '{kafka: {version: 4.1.0}}', ['OPERATOR_CHOOSES']],
  ['argoproj.io/v1alpha1', 'Application', '{source: {repoURL: https://git.example/a}}', ['MANIFESTS_ELSEWHERE']],
  ['rbac.authorization.k8s.io/v1', 'Role', '{version: 1.2.3}', []],
])('%s %s with %s as a text says %j', ([apiVersion, kind, spec, codes]) => {
  for (const text of [
    `apiVersion: ${apiVersion}\nkind: ${kind}\nspec: ${spec}\n`,
    `{"apiVersion":"${apiVersion}","kind":"${kind}",spec: ${spec}}`,
    `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: ${apiVersion}, kind: ${kind}, spec: ${spec}}\n`,
  ]) {
    const script = `#!/bin/sh\nkubectl apply -f - <<'END'\n${text.trim()}\nEND\necho done\n`
    const scripts = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { 'a.sh': script } }
    expect(scanText(JSON.stringify(scripts)).findings.map(({ code }) => code)).toEqual(codes)
    const file = { write_files: [{ path: '/m/a.yaml', content: text }] }
    expect(scanText(JSON.stringify(file)).findings.map(({ code }) => code)).toEqual(codes)
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { 'a.yaml': text } }
    expect(scanText(JSON.stringify(map)).findings.map(({ code }) => code)).toEqual(codes)
  }
})

test('what is left out is named with its version and place', () => {
  expect(of('helm.cattle.io/v1', 'HelmChart', '{chart: a, version: 1.2.3}').findings).toMatchObject([
    { message: 'HelmChart x: installs the chart a 1.2.3, whose images are not known here', line: 4 },
  ])
  expect(of('helm.cattle.io/v1', 'HelmChart', '{chartContent: AAAA}').findings).toMatchObject([
    { message: 'HelmChart x: installs the chart that is packed in its chartContent, whose images are not known here' },
  ])
  expect(of('x.example/v1', 'Database', '{version: "16.2"}').findings).toMatchObject([
    { message: 'Database x: an operator chooses images for version 16.2, and none is named', line: 4 },
  ])
})

test.for<[apiVersion: string, kind: string, spec: string, images: string[], isTold: boolean]>([
  [
    'nvidia.com/v1',
    'ClusterPolicy',
    '{driver: {repository: nvcr.io/nvidia, image: driver, version: "570.86.15"}, toolkit: {repository: nvcr.io/n/k8s, image: toolkit, version: v1.17}}',
    ['nvcr.io/n/k8s/toolkit:v1.17'],
    true,
  ],
  [
    'nvidia.com/v1alpha1',
    'NVIDIADriver',
    '{repository: nvcr.io/nvidia, image: driver, version: "570.86.15"}',
    [],
    true,
  ],
  [
    'mellanox.com/v1alpha1',
    'NicClusterPolicy',
    '{ofedDriver: {repository: x.io/m, image: doca, version: 25.01-0}}',
    [],
    true,
  ],
  [
    'nvidia.com/v1',
    'ClusterPolicy',
    `{driver: {repository: nvcr.io/nvidia, image: driver, version: "sha256:${'ab'.repeat(32)}"}}`,
    [`nvcr.io/nvidia/driver@sha256:${'ab'.repeat(32)}`],
    false,
  ],
])('%s %s with %s: the system of the nodes completes the driver', ([apiVersion, kind, spec, images, isTold]) => {
  const { uses, findings } = of(apiVersion, kind, spec)
  expect(uses.map(({ reference }) => reference)).toEqual(images)
  const told = findings.filter(({ code }) => code === 'OPERATOR_CHOOSES').map(({ message }) => message)
  expect(told).toEqual(isTold ? [expect.stringContaining('the operating system of each node')] : [])
})
