import { expect, test } from 'vitest'
import { formatPath } from '../../src/kubernetes/documents/path.ts'
import { scanText } from '../support/scan-text.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`

/** `field reference`, for all that is likely to be an image. */
function found(text: string): string[] {
  return scanText(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ path, reference }) => `${formatPath(path)} ${reference}`)
}

function inContainer(fields: string): string[] {
  const text = `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: c\n      image: app:1\n      ${fields}\n`
  return found(text)
    .slice(1)
    .map((line) => line.replace('spec.containers[0].', ''))
}

test.for<[why: string, fields: string, found: string[]]>([
  ['a flag with a value', 'args: ["--solver-image=quay.io/x/solver:v1"]', ['args[0] quay.io/x/solver:v1']],
  ['a flag and its value in one element', 'args: ["--node-image quay.io/x/node:v1"]', ['args[0] quay.io/x/node:v1']],
  [
    'several of them in one element',
    `args: ["--v 2 --node-image 'quay.io/x/node:v1' --other=quay.io/x/o:1", "quay.io/x/p:1"]`,
    ['args[0] quay.io/x/node:v1', 'args[0] quay.io/x/o:1', 'args[1] quay.io/x/p:1'],
  ],
  [
    'a list in a variable, split by bars',
    'env: [{name: RELATED, value: "quay.io/x/a:1|quay.io/x/b:1"}, {name: IMAGES, value: "x/c:1 | x/d:1"}]',
    ['env[0].value quay.io/x/a:1', 'env[0].value quay.io/x/b:1', 'env[1].value x/c:1', 'env[1].value x/d:1'],
  ],
  [
    'a list in a variable, split by semicolons',
    'env: [{name: RELATED, value: "quay.io/x/a:1;quay.io/x/b:1"}]',
    ['env[0].value quay.io/x/a:1', 'env[0].value quay.io/x/b:1'],
  ],
  ['a flag whose name says nothing', 'args: [-reloader=quay.io/x/reloader:v1]', ['args[0] quay.io/x/reloader:v1']],
  ['a flag and its value as two', 'command: [run, --engine-image, x/engine:v1]', ['command[2] x/engine:v1']],
  ['a flag that takes name=image', 'args: ["-images=web=quay.io/x/web"]', ['args[0] quay.io/x/web']],
  ['a flag in a shell command', 'command: [sh, -c, "exec /run --image=x/y:1 --fast"]', ['command[2] x/y:1']],
  ['a flag in quotes', `args: ['--image="x/y:1"']`, ['args[0] x/y:1']],
  [
    'flags for repository and tag',
    'args: [--sidecar-image-repository=quay.io/x/side, --version=2, --sidecar-image-tag=v9]',
    ['args[0] quay.io/x/side:v9'],
  ],
  ['a flag that takes JSON', `args: ['--config={"image": "x/y:1"}']`, ['args[0] x/y:1']],
  ['a flag that takes a list', 'args: ["--images=[x/a:1,x/b:2]"]', ['args[0] x/a:1', 'args[0] x/b:2']],
  ['an image variable', 'env: [{name: BASE_IMAGE, value: busybox}]', ['env[0].value busybox']],
  ['a related image', 'env: [{name: RELATED_IMAGE_web, value: "x/web:1"}]', ['env[0].value x/web:1']],
  ['a variable named otherwise', 'env: [{name: BUILDER, value: "quay.io/x/b:1"}]', ['env[0].value quay.io/x/b:1']],
  [
    'name=image by line',
    'env: [{name: KAFKA_IMAGES, value: "3.9=x/k:3.9\\n4.0=x/k:4.0\\n"}]',
    ['env[0].value x/k:3.9', 'env[0].value x/k:4.0'],
  ],
  [
    'name=image by comma',
    'env: [{name: IMAGES, value: "a=x/a:1,b=x/b:1"}]',
    ['env[0].value x/a:1', 'env[0].value x/b:1'],
  ],
  ['JSON in a variable', `env: [{name: C, value: '{"image": "x/y:1"}'}]`, ['env[0].value x/y:1']],
  [
    'repository and version',
    'env: [{name: DB_IMAGE_REPOSITORY, value: quay.io/x/db}, {name: DB_VERSION, value: 1.2.0}]',
    ['env[0].value quay.io/x/db:1.2.0'],
  ],
  [
    'an image and the version of a shorter name',
    'env: [{name: ACME_DB_IMAGE, value: quay.io/x/db}, {name: DB_VERSION, value: 1.2.0}]',
    ['env[0].value quay.io/x/db:1.2.0'],
  ],
  [
    'registry and project for all',
    'env: [{name: REGISTRY, value: quay.io}, {name: PROJECT, value: x}, {name: A_REPO, value: a}, {name: A_TAG, value: v1}]',
    ['env[2].value quay.io/x/a:v1'],
  ],
  [
    'an image and its version in one',
    'env: [{name: EXECUTOR_IMAGE_AND_VERSION, value: "x/y:1"}]',
    ['env[0].value x/y:1'],
  ],
  [
    'registry, name and version',
    'env: [{name: S_REPO_URL, value: quay.io/x}, {name: S_NAME, value: s}, {name: S_VERSION, value: "3"}]',
    ['env[0].value quay.io/x/s:3'],
  ],
  [
    'a registry for all that have no host',
    `env: [{name: IMAGE_REGISTRY, value: quay.io}, {name: A_IMAGE_NAME, value: x/a}, {name: A_IMAGE_TAG, value: v1},
      {name: B_IMAGE_NAME, value: "r.io:5000/b"}, {name: B_IMAGE_TAG, value: v2}]`,
    ['env[1].value quay.io/x/a:v1', 'env[3].value r.io:5000/b:v2'],
  ],
])('in a container: %s', ([, fields, expected]) => {
  expect(inContainer(fields)).toEqual(expected)
})

test.for<[why: string, text: string, found: string[]]>([
  ['image', 'spec: {image: "x/y:1"}', ['spec.image x/y:1']],
  ['an untagged image', 'spec: {image: busybox}', ['spec.image busybox']],
  [
    'keys that end in image',
    'spec: {dockerImage: "x/y:1", init_image: "x/z:1"}',
    ['spec.dockerImage x/y:1', 'spec.init_image x/z:1'],
  ],
  [
    'imageName, image_url',
    'spec: {imageName: "x/y:1", image_url: "x/z:1"}',
    ['spec.imageName x/y:1', 'spec.image_url x/z:1'],
  ],
  [
    'any key with an unmistakable image',
    `spec: {plugin: "registry.example.com/y@${DIGEST}"}`,
    [`spec.plugin registry.example.com/y@${DIGEST}`],
  ],
  ['a docker:// address', 'spec: {source: {url: "docker://quay.io/x/disk"}}', ['spec.source.url quay.io/x/disk']],
  ['an oci:// address under an image key', 'spec: {image: "oci://quay.io/x/y:1"}', ['spec.image quay.io/x/y:1']],
  ['a list of images', 'spec: {images: [busybox, "x/y:1"]}', ['spec.images[0] busybox', 'spec.images[1] x/y:1']],
  [
    'a map of images',
    'spec: {images: {web: "x/web:1", db: {v8: "x/db:8"}}}',
    ['spec.images.web x/web:1', 'spec.images.db.v8 x/db:8'],
  ],
  ['a list of maps', 'spec: {relatedImages: [{name: web, image: "x/web:1"}]}', ['spec.relatedImages[0].image x/web:1']],
  ['an image named in a map', 'spec: {image: {name: "x/y:1", pullPolicy: Always}}', ['spec.image.name x/y:1']],
  ['steps', 'spec: {steps: [{name: a, image: "x/y:1"}]}', ['spec.steps[0].image x/y:1']],
  ['repository and tag', 'spec: {image: {repository: x/y, tag: 1.20}}', ['spec.image.repository x/y:1.2']],
  [
    'registry, repository and tag',
    'spec: {image: {registry: quay.io, repository: x/y, tag: v1}}',
    ['spec.image.repository quay.io/x/y:v1'],
  ],
  [
    'registry, repository, name and tag',
    'spec: {image: {registry: quay.io, repository: x, name: z, tag: v1}}',
    ['spec.image.repository quay.io/x/z:v1'],
  ],
  [
    'repository, name and tag in a map of images',
    'spec: {images: {web: {repository: x, name: z, tag: v1}}}',
    ['spec.images.web.repository x/z:v1'],
  ],
  [
    'a repository that needs no name',
    'spec: {image: {repository: quay.io/x/y, name: z, tag: v1}}',
    ['spec.image.repository quay.io/x/y:v1'],
  ],
  [
    'an owner, name and tag outside of an image',
    'spec: {agent: {repository: quay.io/x, name: z, tag: v1}}',
    ['spec.agent.repository quay.io/x/z:v1'],
  ],
  [
    'a name that the repository has',
    'spec: {agent: {repository: r.example.com/z, name: z, tag: v1}}',
    ['spec.agent.repository r.example.com/z:v1'],
  ],
  [
    'repository, tag and digest',
    `spec: {image: {repository: x/y, tag: v1, digest: "${DIGEST}"}}`,
    [`spec.image.repository x/y:v1@${DIGEST}`],
  ],
  [
    'repository, image and version',
    'spec: {repository: nvcr.io/n, image: driver, version: "5"}',
    ['spec.image nvcr.io/n/driver:5'],
  ],
  [
    'a digest as the version',
    `spec: {repository: nvcr.io/n, image: d, version: "${DIGEST}"}`,
    [`spec.image nvcr.io/n/d@${DIGEST}`],
  ],
  [
    'name and version of an image',
    'spec: {image: {name: quay.io/x/y, version: next}}',
    ['spec.image.name quay.io/x/y:next'],
  ],
  ['baseImage and version', 'spec: {baseImage: quay.io/x/y, version: v2}', ['spec.baseImage quay.io/x/y:v2']],
  ['serverImage and version', 'spec: {serverImage: x/y, version: 1.4.1}', ['spec.serverImage x/y:1.4.1']],
  [
    'baseImage and sha',
    `spec: {baseImage: quay.io/x/y, sha: ${'ab'.repeat(32)}}`,
    [`spec.baseImage quay.io/x/y@${DIGEST}`],
  ],
  ['a version with a plus', 'spec: {image: x/y, version: v1+k1}', ['spec.image x/y:v1-k1']],
  ['keys with one beginning', 'spec: {sidecarImage: x/y, sidecarImageTag: v3}', ['spec.sidecarImage x/y:v3']],
  [
    'an image with several default versions',
    'spec: {image: x/y, defaultImageVersion: "1", defaultGpuImageVersion: 1-gpu}',
    ['spec.image x/y:1', 'spec.image x/y:1-gpu'],
  ],
  [
    'registry and version for all',
    'spec: {global: {repository: nvcr.io/n, version: v9}, driver: {image: driver}}',
    ['spec.driver.image nvcr.io/n/driver:v9'],
  ],
  [
    'a repository with the version of what it is for',
    'spec: {version: v9, store: {image: {repository: x/store}}}',
    ['spec.store.image.repository x/store:v9'],
  ],
  [
    'a default of a parameter',
    'spec: {params: [{name: BUILDER_IMAGE, default: "x/y:1"}]}',
    ['spec.params[0].default x/y:1'],
  ],
  [
    'a parameter that an image field uses',
    'spec: {params: [{name: helper, default: "x/y:1"}], steps: [{name: a, image: $(params.helper)}]}',
    ['spec.steps[0].image x/y:1'],
  ],
  [
    'an image completed by a parameter',
    'spec: {params: [{name: v, default: "7"}], steps: [{name: a, image: "x/y:$(params.v)"}]}',
    ['spec.steps[0].image x/y:7'],
  ],
  ['an image stream', 'spec: {from: {kind: DockerImage, name: "quay.io/x/y:1"}}', ['spec.from.name quay.io/x/y:1']],
])('in a custom resource: %s', ([, spec, expected]) => {
  expect(found(`apiVersion: x.example/v1\nkind: Thing\n${spec}\n`)).toEqual(expected)
})

test.for<[why: string, apiVersion: string, kind: string, spec: string, found: string[]]>([
  [
    'a package',
    'pkg.crossplane.io/v1',
    'Provider',
    '{package: xpkg.example.com/x/p:v1}',
    ['spec.package xpkg.example.com/x/p:v1'],
  ],
  [
    "a plan's version",
    'upgrade.cattle.io/v1',
    'Plan',
    '{version: v1+k1, upgrade: {image: x/up}}',
    ['spec.upgrade.image x/up:v1-k1'],
  ],
  [
    "a plan's own tag",
    'upgrade.cattle.io/v1',
    'Plan',
    '{version: v1, upgrade: {image: "x/up:v2"}}',
    ['spec.upgrade.image x/up:v2'],
  ],
  [
    'a model as an image',
    'serving.kserve.io/v1beta1',
    'InferenceService',
    '{predictor: {model: {storageUri: "oci://quay.io/x/m:1"}}}',
    ['spec.predictor.model.storageUri quay.io/x/m:1'],
  ],
  ...(
    [
      ['extensions.istio.io/v1alpha1', 'WasmPlugin', 'url', 'spec.url', 'oci://'],
      ['extensions.istio.io/v1alpha1', 'WasmPlugin', 'url', 'spec.url', ''],
      ['extensions.higress.io/v1alpha1', 'WasmPlugin', 'url', 'spec.url', 'oci://'],
      ['policies.kubewarden.io/v1', 'ClusterAdmissionPolicy', 'module', 'spec.module', 'registry://'],
      ['policies.kubewarden.io/v1', 'AdmissionPolicy', 'module', 'spec.module', ''],
    ] as const
  ).map(([apiVersion, kind, key, at, scheme]): [string, string, string, string, string[]] => [
    `WebAssembly of a ${kind}, as ${scheme || 'a plain name'}`,
    apiVersion,
    kind,
    `{${key}: "${scheme}quay.io/x/m:1"}`,
    [`${at} quay.io/x/m:1`],
  ]),
  [
    'WebAssembly of a gateway',
    'gateway.envoyproxy.io/v1alpha1',
    'EnvoyExtensionPolicy',
    '{wasm: [{name: w, code: {type: Image, image: {url: "oci://x/m:1"}}}]}',
    ['spec.wasm[0].code.image.url x/m:1'],
  ],
  [
    'WebAssembly of a group of policies',
    'policies.kubewarden.io/v1',
    'AdmissionPolicyGroup',
    '{policies: {a: {module: "registry://quay.io/x/m:1"}}}',
    ['spec.policies.a.module quay.io/x/m:1'],
  ],
])('a known field: %s', ([, apiVersion, kind, spec, expected]) => {
  const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nspec: ${spec}\n`
  expect(found(text)).toEqual(expected)
  expect(scanText(text).uses[0]?.confidence).toBe('certain')
})

test.for<[why: string, data: string[], found: string[]]>([
  ['a plain value', ['plugin: quay.io/x/plugin:v1'], ['data.plugin quay.io/x/plugin:v1 4']],
  ['repository and tag', ['x.repository: quay.io/x/y', 'x.tag: "0.65"'], ['data["x.repository"] quay.io/x/y:0.65 4']],
  ['JSON', ['agent: |', '  {', '    "image": "x/agent:v1"', '  }'], ['data.agent x/agent:v1 6']],
  [
    'JSON in a file of images',
    ['images.json: >', '  {"web": "registry.example.com/x:web"}'],
    ['data["images.json"] registry.example.com/x:web 5'],
  ],
  [
    'a file of images that have no version',
    ['images.json: >', '  {"web": "registry.example.com/x/web"}'],
    ['data["images.json"] registry.example.com/x/web 5'],
  ],
  [
    'YAML',
    ['values: |', '  web:', '    image:', '      name: quay.io/x/y', '      version: v7'],
    ['data.values quay.io/x/y:v7 7'],
  ],
  [
    'a manifest',
    [
      'pod.yaml: |-',
      '  apiVersion: v1',
      '  kind: Pod',
      '  spec:',
      '    containers:',
      '      - name: help',
      '        image: busybox',
    ],
    ['data["pod.yaml"] busybox 10'],
  ],
  [
    'a template',
    ['config: |', '  {{- if .x }}', '  image: "{{ .Values.image }}"', '  {{- end }}', '  image: x/proxy:1.1'],
    ['data.config x/proxy:1.1 8'],
  ],
  [
    'a script',
    ['run.sh: |', '  #!/bin/sh', '  TOOL_IMAGE=quay.io/x/tool:v1', '  exec tool --image $TOOL_IMAGE'],
    ['data["run.sh"] quay.io/x/tool:v1 6'],
  ],
  [
    'a list of images, one a line',
    ['images: |', '  quay.io/x/one:1.0', '  # quay.io/x/old:1.0', '  x/two', '  - "quay.io/x/three:v3"'],
    ['data.images quay.io/x/one:1.0 5', 'data.images x/two 7', 'data.images quay.io/x/three:v3 8'],
  ],
  [
    'settings that make one image together',
    ['app.properties: |', '  web.image.name=quay.io/x/web', '  db.image.name=x/db:2', '  web.image.tag=1.4'],
    ['data["app.properties"] quay.io/x/web:1.4 5', 'data["app.properties"] x/db:2 6'],
  ],
  [
    'TOML',
    ['config.toml: |', '  [plugin]', '    sandbox_image = "registry.k8s.io/pause:3.9"'],
    ['data["config.toml"] registry.k8s.io/pause:3.9 6'],
  ],
])('in a ConfigMap, with its line: %s', ([, data, expected]) => {
  const text = `apiVersion: v1\nkind: ConfigMap\ndata:\n${data.map((line) => `  ${line}\n`).join('')}`
  const { uses } = scanText(text)
  const likely = uses.filter(({ confidence }) => confidence !== 'possible')
  expect(likely.map(({ path, reference, line }) => `${formatPath(path)} ${reference} ${line}`)).toEqual(expected)
  expect(likely.every(({ layer }) => layer === 'config')).toBe(true)
})

test.for([
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['apiextensions.crossplane.io/v2', 'CompositeResourceDefinition'],
])('defaults in the schema of a %s %s', ([apiVersion, kind]) => {
  const properties = {
    spec: {
      properties: {
        image: { type: 'string', default: 'x/y:1', description: 'such as x/other:2' },
        pooler: {
          properties: { image: { properties: { repository: { default: 'quay.io/x/z' }, tag: { default: 'v2' } } } },
        },
        sidecars: { items: { properties: { image: { default: 'x/side:1' } } } },
      },
    },
  }
  const versions = [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties } } }]
  const text = JSON.stringify({ apiVersion, kind, spec: { versions } })
  const root = 'spec.versions[0].schema.openAPIV3Schema.properties.spec.properties'
  expect(found(text)).toEqual([
    `${root}.image.default x/y:1`,
    `${root}.pooler.properties.image.properties.repository.default quay.io/x/z:v2`,
    `${root}.sidecars.items.properties.image.default x/side:1`,
  ])
})

test('defaults in the schema of a graph of kro', () => {
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
spec:
  schema:
    spec:
      image: 'string | required=false default="x/y:1" description="such as x/other:2"'
      side: {image: string | default=x/side:1}
      web: {image: {repository: string | default='quay.io/x/z', tag: string | default=v2, replicas: integer | default=3}}
      otherImage: string
    status: {image: "\${pod.spec.image}"}
`
  const listed = found(text).filter((one) => one.startsWith('spec.schema.spec'))
  expect(listed).toEqual([
    'spec.schema.spec.image x/y:1',
    'spec.schema.spec.side.image x/side:1',
    'spec.schema.spec.web.image.repository quay.io/x/z:v2',
  ])
})

test('annotations of a resource, and examples inside them', () => {
  const text = [
    'apiVersion: operators.coreos.com/v1alpha1',
    'kind: ClusterServiceVersion',
    'metadata:',
    '  annotations:',
    '    containerImage: quay.io/x/catalog:v1',
    '    sidecar.istio.io/proxyImage: quay.io/x/operator:v1',
    '    alm-examples: |-',
    '      [',
    '        {"kind": "Thing", "spec": {',
    '          "repository": "quay.io/x", "image": "thing", "version": "v2"}}',
    '      ]',
  ].join('\n')
  const uses = scanText(text).uses.filter(({ confidence }) => confidence !== 'possible')
  expect(uses.map(({ reference, line }) => `${reference} ${line}`)).toEqual([
    'quay.io/x/operator:v1 6',
    'quay.io/x/thing:v2 10',
  ])
})

test('what an operator sets has no policy; a container knows its flags and variables', () => {
  const text = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: "a:1", args: ["--x-image=x/y:1"]}]}'
  expect(scanText(text).uses[1]).toMatchObject({
    policy: undefined,
    policyFrom: 'operator',
    container: 'c',
    layer: 'argument',
    confidence: 'likely',
    why: 'flag x-image',
  })
})

test('a repository with a name beside it may be either, and both are told', () => {
  const text = 'apiVersion: x.example/v1\nkind: Thing\nspec: {agent: {repository: r.example.com/x, name: z, tag: v1}}\n'
  expect(scanText(text).uses.map(({ reference, confidence }) => [reference, confidence])).toEqual([
    ['r.example.com/x:v1', 'likely'],
    ['r.example.com/x/z:v1', 'possible'],
  ])
})
