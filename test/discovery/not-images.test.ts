import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

function reported(text: string): string[] {
  return scanText(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference }) => reference)
}

test.for<[why: string, spec: string]>([
  ['host and port', '{address: "redis:6379"}'],
  ['a service and its port', '{discovery: "istiod.istio-system.svc:15012"}'],
  ['a path and a port', '{upstream: flow-aggregator/flow-aggregator:4739}'],
  ['a name with a colon', '{roleRef: {name: "system:auth-delegator"}}'],
  ['a label', '{domain: tekton.dev/pipeline}'],
  ['a taint', '{taints: ["node-role.kubernetes.io/master:NoSchedule"]}'],
  ['namespace and name', '{gateway: knative-serving/knative-local-gateway}'],
  ['a model', '{env: [{name: MODEL_ID, value: google/gemma-3-1b-it}]}'],
  ['a web address', '{image: "https://example.com/picture.png", url: "http://example.com/x/y:1"}'],
  ['a picture', '{image: assets/logo.png, icon: {image: "x/y:1"}}'],
  ['a placeholder', '{image: "{{inputs.parameters.image}}", tool: {image: $(params.x)}, other: {image: <image_url>}}'],
  ['a switch', '{image: auto, sidecarImage: "true"}'],
  ['a policy, a secret, a size', '{imagePullPolicy: IfNotPresent, imagePullSecret: regcred, imageSize: 10Gi}'],
  ['a duration', '{args: ["--image-pull-deadline-duration=5m", "--image-cache-refresh-frequency=15m"]}'],
  ['what a build makes', '{build: {output: {image: "ttl.sh/x/y:24h"}}, outputs: {images: ["x/y:1"]}}'],
  ['where a build goes', '{args: ["--destination=registry.example.com/x/y:1"]}'],
  ['a Ceph block device', '{volumes: [{name: v, rbd: {image: foo, pool: p}}]}'],
  ['prose', '{description: "use image: x/y:1", message: "pulled x/y:1.2"}'],
  ['a source repository', '{repo: github.com/x/y, package: "github.com/x/y:v1.2.3"}'],
  ['an image of a cloud', '{image: projects/ubuntu-os-cloud/global/images/family/ubuntu-2204}'],
  ['a repository without a tag', '{repository: quay.io/x/y}'],
  ['a chart', '{chart: redis, repository: "https://charts.example.com", version: 1.2.3}'],
  ['a version by itself', '{version: v1.2.3, tag: "1.2"}'],
  ['a host as a repository', '{docker_images_repository: quay.io, docker_images_tag: 5.1.4.Final}'],
  ['an inlined picture', '{LINK_IMAGE_URL: "data:image/svg+xml;base64,PHN2ZyB4"}'],
  ['a word that is completed elsewhere', '{env: [{name: BUILDER_IMAGE, value: kogito-builder}]}'],
  ['names and labels', '{template: {metadata: {name: "x/y:1", labels: {image: "x/y:1"}}, spec: {}}}'],
  ['a machine image', '{imageId: ami-0a1a70369f0fce06a, image: {gallery: {name: capi-ubuntu, version: latest}}}'],
  ['a tag by itself', `{tag: "1.6.0@sha256:${'ab'.repeat(32)}"}`],
  ['a repository that something completes', '{image: {repository: ghcr.io/x/y}, other: {image: {name: ghcr.io/x/y}}}'],
  ["a repository under a chart's version", '{chart: x, version: 1.2.3, values: {image: {repository: x/y}}}'],
  ['a chart in a registry', '{url: "oci://quay.io/x/charts/y:1.2.3"}'],
  ['a parameter that is a bare word', '{params: [{name: IMAGE, value: image-1}]}'],
  ['a bundle of definitions', '{params: [{name: bundle, value: "ghcr.io/x/catalog:0.7"}]}'],
  ['what a script computes', `{script: "#!/bin/sh\\nresult=gcr.io/x/y:v1\\necho done\\n"}`],
  ['a file', '{path: conf/app.conf, script: run/start.sh}'],
  ['a time', '{schedule: "15:30", at: "2024-01-01T10:00:00Z"}'],
  ['a key of a map that comes after image', '{imageRegistry: registry.example.com, imageTag: v1}'],
])('%s', ([, spec]) => {
  expect(reported(`apiVersion: x.example/v1\nkind: Thing\nspec: ${spec}\n`)).toEqual([])
})

test.for<[apiVersion: string, kind: string, rest: string]>([
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'rules: [{resourceNames: ["registry.example.com/x/y:1"]}]'],
  ['v1', 'Node', 'spec: {image: "x/y:1"}'],
  ['apps/v1', 'ControllerRevision', 'data: {spec: {containers: [{name: c, image: "x/y:1"}]}}'],
  ['constraints.gatekeeper.sh/v1beta1', 'K8sAllowedRepos', 'spec: {parameters: {exemptImages: ["x/y:1"]}}'],
  [
    'kyverno.io/v1',
    'ClusterPolicy',
    'spec: {rules: [{validate: {pattern: {spec: {containers: [{name: "*", image: "x/y:1"}]}}}}]}',
  ],
  ['image.toolkit.fluxcd.io/v1', 'ImageRepository', 'spec: {image: x/y}'],
  ['aquasecurity.github.io/v1alpha1', 'VulnerabilityReport', 'report: {artifact: {repository: quay.io/x/y, tag: "1"}}'],
  ['codebuild.aws.upbound.io/v1beta1', 'Project', 'spec: {image: "aws/codebuild/standard:5.0"}'],
  ['kind.x-k8s.io/v1alpha4', 'Cluster', 'nodes: [{role: worker, image: "x/node:v1.30.0"}]'],
  ['skaffold/v4beta7', 'Config', 'build: {artifacts: [{image: quay.io/x/y}]}'],
  ['x.example/v1', 'Thing', 'status: {image: "x/y:1"}'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'spec: {names: {kind: X}, description: "image: x/y:1"}'],
])('%s %s names no image to run', ([apiVersion, kind, rest]) => {
  expect(reported(`apiVersion: ${apiVersion}\nkind: ${kind}\n${rest}\n`)).toEqual([])
})

test('an annotation that repeats the resource says nothing new', () => {
  const last = JSON.stringify({ kind: 'Pod', spec: { containers: [{ name: 'c', image: 'x/old:1' }] } })
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': last }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { annotations },
    spec: { containers: [{ name: 'c', image: 'x/y:1' }] },
  }
  expect(reported(JSON.stringify(pod))).toEqual(['x/y:1'])
})

test('a name without a version is no image where the version stands beside it', () => {
  const plan = 'apiVersion: upgrade.cattle.io/v1\nkind: Plan\nspec: {version: v1, upgrade: {image: x/up}}'
  expect(reported(plan)).toEqual(['x/up:v1'])
})

test('values that a template completes are only possible images', () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  values: |\n    proxy:\n      image: proxyv2\n'
  expect(scanText(text).uses).toMatchObject([{ reference: 'proxyv2', confidence: 'possible' }])
})
