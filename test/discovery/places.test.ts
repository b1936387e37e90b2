import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const found = (text: string) =>
  scanText(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference, line }) => `${reference} ${line}`)

/** Lines of a text in a ConfigMap; the first stands on line 4. */
function inConfigMap(name: string, lines: readonly string[]): string[] {
  return found(`apiVersion: v1\nkind: ConfigMap\ndata:\n  ${name}: |\n${lines.map((line) => `    ${line}\n`).join('')}`)
}

const R = 'registry.example.com/x'

test.for<[line: string, images: string[]]>([
  [`crictl pull ${R}/a:1`, [`${R}/a:1`]],
  [`sudo crictl -r unix:///run/c.sock pull ${R}/a:1`, [`${R}/a:1`]],
  [`ctr -n k8s.io images pull --all-platforms ${R}/a:1`, [`${R}/a:1`]],
  [`ctr -n=k8s.io i pull ${R}/a:1 >/dev/null`, [`${R}/a:1`]],
  [`nerdctl --namespace k8s.io pull "${R}/a:1"`, [`${R}/a:1`]],
  [`nerdctl run --net host -it ${R}/a:1 /bin/sh`, [`${R}/a:1`]],
  [`docker run --rm -v /a:/b -e X=1 ${R}/a:1 sh -c "echo hi"`, [`${R}/a:1`]],
  [`docker tag ${R}/a:1 other.example.com/b:2`, [`${R}/a:1`]],
  [`docker tag web ${R}/web:2`, []],
  [`skopeo copy docker-archive:/tmp/a.tar docker://${R}/web:2`, []],
  [`skopeo copy --new-flag x docker://${R}/a:1 docker://${R}/web:2`, [`${R}/a:1`]],
  [`docker save -o all.tar ${R}/a:1 ${R}/b:1`, [`${R}/a:1`, `${R}/b:1`]],
  [`podman pull -q ${R}/a:1 && echo done`, [`${R}/a:1`]],
  [`docker push ${R}/a:1`, []],
  [`docker build -t ${R}/a:1 .`, []],
  [`skopeo copy docker://${R}/a:1 docker-archive:/tmp/a.tar`, [`${R}/a:1`]],
  [`skopeo copy --all docker://${R}/a:1 docker://mirror.example.com/a:1`, [`${R}/a:1`]],
  [`skopeo sync --src docker --dest dir ${R}/a:1 /media`, [`${R}/a:1`]],
  [`crane copy ${R}/a:1 mirror.example.com/a:1`, [`${R}/a:1`]],
  [`kind load docker-image ${R}/a:1 ${R}/b:1 --name k`, [`${R}/a:1`, `${R}/b:1`]],
  [`minikube image load ${R}/a:1`, [`${R}/a:1`]],
  [`kubectl set image deployment/web web=${R}/a:1 side=${R}/b:1`, [`${R}/a:1`, `${R}/b:1`]],
  [`kubectl -n x set image ds/d "*=${R}/a:1" --record`, [`${R}/a:1`]],
  [`oc set image dc/web web=${R}/a:1`, [`${R}/a:1`]],
  [`kubectl run tmp --rm -it --image=${R}/a:1 --restart=Never -- sh`, [`${R}/a:1`]],
  [`kubectl create deployment web --image ${R}/a:1`, [`${R}/a:1`]],
  [`kubectl debug node/n -it --image=${R}/a:1`, [`${R}/a:1`]],
  [`helm install web ./c --set image.repository=${R}/a,image.tag=1`, [`${R}/a:1`]],
  [`helm upgrade -i web c --set web.image.repository=${R}/a --set-string web.image.tag=1.2`, [`${R}/a:1.2`]],
  [`helm upgrade web c --set image=${R}/a:1`, [`${R}/a:1`]],
  [`helm install web ./c --set replicas=3`, []],
  [`for i in ${R}/a:1 ${R}/b:1; do docker pull $i; done`, [`${R}/a:1`, `${R}/b:1`]],
  [`for f in a/b c/d; do cat $f; done`, []],
  [`IMAGES="${R}/a:1 ${R}/b:1"`, [`${R}/a:1`, `${R}/b:1`]],
  [`export PULL_IMAGES='${R}/a:1,  ${R}/b:1'`, [`${R}/a:1`, `${R}/b:1`]],
  [`IMAGES=(${R}/a:1 ${R}/b:1)`, [`${R}/a:1`, `${R}/b:1`]],
  [`IMG=\${IMG:-${R}/a:1}`, [`${R}/a:1`]],
  [`: "\${TOOL_IMAGE:=${R}/a:1}"`, []],
])('in a script: %s', ([line, images]) => {
  const uses = inConfigMap('run.sh', ['#!/bin/sh', 'set -e', line])
  expect(uses).toEqual(images.map((image) => `${image} 7`))
})

test('an array over several lines', () => {
  const lines = [
    '#!/bin/bash',
    'declare -a IMAGES=(',
    `  ${R}/a:1 # first`,
    `  "${R}/b:1"`,
    ')',
    'FILES=(',
    '  a/b:1',
    ')',
  ]
  expect(inConfigMap('run.sh', lines)).toEqual([`${R}/a:1 7`, `${R}/b:1 8`])
})

test.for<[name: string, line: string, images: string[]]>([
  ['flink-conf.yaml.txt', `kubernetes.container.image  ${R}/a:1.18`, [`${R}/a:1.18`]],
  ['spark.conf', `spark.kubernetes.driver.container.image ${R}/a:3.5`, [`${R}/a:3.5`]],
  ['app.properties', `worker.image = ${R}/a:1`, [`${R}/a:1`]],
  ['app.properties', `worker.image:${R}/a:1`, [`${R}/a:1`]],
  ['app.properties', `worker.home /opt/worker`, []],
  ['kubelet.env', `KUBELET_ARGS="--v=2 --pod-infra-container-image=${R}/a:3.9"`, [`${R}/a:3.9`]],
  ['kubelet.env', `KUBELET_EXTRA_ARGS=--pod-infra-container-image=${R}/a:3.9`, [`${R}/a:3.9`]],
  ['docker.env', `export OPTS="--init-image ${R}/a:1 --debug"`, [`${R}/a:1`]],
  ['k3s.env', `K3S_ARGS='--pause-image=${R}/a:3.6'`, [`${R}/a:3.6`]],
  ['image-list.txt', `${R}/a:1`, [`${R}/a:1`]],
  ['image-list.txt', `${R}/a:1 ${R}/b:1`, [`${R}/a:1`, `${R}/b:1`]],
  ['images.txt', `- ${R}/a:1`, [`${R}/a:1`]],
  ['image_list', `${R}/a:1, ${R}/b:1`, [`${R}/a:1`, `${R}/b:1`]],
])('a line of %s: %s', ([name, line, images]) => {
  expect(inConfigMap(name, ['# settings', line])).toEqual(images.map((image) => `${image} 6`))
})

test.for<[why: string, lines: string[], images: string[]]>([
  ['an element', [`<pod><image>${R}/a:1</image></pod>`], [`${R}/a:1 5`]],
  [
    'an element over several lines',
    ['<pod>', '  <dockerImage>', `    ${R}/a:1`, '  </dockerImage>', '</pod>'],
    [`${R}/a:1 6`],
  ],
  ['an attribute', ['<?xml version="1.0"?>', `<pod image="${R}/a:1"/>`], [`${R}/a:1 6`]],
  [
    'properties of Java',
    [
      '<configuration>',
      '  <property>',
      '    <name>x.docker.image</name>',
      `    <value>${R}/a:1</value>`,
      '  </property>',
      '</configuration>',
    ],
    [`${R}/a:1 8`],
  ],
  ['other properties', ['<property><name>x.home</name><value>a/b:1</value></property>'], []],
  ['pictures', ['<html><img src="a/b.png"/><image>logo.svg</image></html>'], []],
])('in XML: %s', ([, lines, images]) => {
  expect(inConfigMap('config.xml', lines)).toEqual(images)
})

test.for<[annotations: Record<string, string>, images: string[]]>([
  [
    { 'config.linkerd.io/proxy-image': `${R}/p`, 'config.linkerd.io/proxy-version': 'stable-2.14' },
    [`${R}/p:stable-2.14`],
  ],
  [{ 'a.example/proxy-image': `${R}/p`, 'a.example/proxy-version': '1.2.3' }, [`${R}/p:1.2.3`]],
  [{ 'a.example/init-image-repository': `${R}/i`, 'a.example/init-image-tag': 'v3' }, [`${R}/i:v3`]],
  [{ 'dapr.io/sidecar-image': `${R}/daprd:1.12` }, [`${R}/daprd:1.12`]],
  [{ 'a.example/proxy-version': '1.2.3' }, []],
])('annotations of a pod template: %j', ([annotations, images]) => {
  const pod = { metadata: { annotations }, spec: { containers: [{ name: 'a', image: 'a:1' }] } }
  const uses = found(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: pod } }))
  expect(uses.toSorted()).toEqual(['a:1', ...images].map((image) => `${image} 1`).toSorted())
})

const serving = (kind: string, spec: unknown) =>
  JSON.stringify({ apiVersion: 'serving.kserve.io/v1alpha1', kind, spec })

test.for<[why: string, resource: string, images: string[]]>([
  ['storageUri', serving('InferenceService', { predictor: { model: { storageUri: `oci://${R}/m:1` } } }), [`${R}/m:1`]],
  [
    'a native address',
    serving('InferenceService', { predictor: { model: { storageUri: `oci+native://${R}/m:1` } } }),
    [`${R}/m:1`],
  ],
  [
    'storageUris',
    serving('InferenceService', {
      predictor: { model: { storageUris: [{ uri: `oci://${R}/m:1` }, { uri: 'hf://a/b' }] } },
    }),
    [`${R}/m:1`],
  ],
  [
    'storageUris as texts',
    serving('ServingRuntime', { model: { storageUris: [`oci+native://${R}/m:1`] } }),
    [`${R}/m:1`],
  ],
  ['a bucket', serving('InferenceService', { predictor: { model: { storageUri: 's3://bucket/m' } } }), []],
  ['a language model', serving('LLMInferenceService', { model: { uri: `oci://${R}/m:1` } }), [`${R}/m:1`]],
  [
    'pods of a language model',
    serving('LLMInferenceService', {
      model: { uri: 'hf://a/b' },
      prefill: { template: { containers: [{ name: 'm', image: `${R}/p:1` }] } },
    }),
    [`${R}/p:1`],
  ],
  ['a cached model', serving('LocalModelCache', { sourceModelUri: `oci://${R}/m:1` }), [`${R}/m:1`]],
])('models as images: %s', ([, resource, images]) => {
  expect(found(resource)).toEqual(images.map((image) => `${image} 1`))
})

test('a model as a volume', () => {
  const attributes = { 'model.csi.modelpack.org/reference': `${R}/m:1` }
  const volume = { name: 'm', csi: { driver: 'model.csi.modelpack.org', volumeAttributes: attributes } }
  const pod = { containers: [{ name: 'a', image: 'a:1' }], volumes: [volume] }
  expect(found(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', spec: pod }))).toContain(`${R}/m:1 1`)
})
