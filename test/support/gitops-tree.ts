import type { Descriptor } from '../../src/oci/descriptor.ts'
import { fillRepository, makeArtifact } from './artifact-maker.ts'
import { makeChart, makeFluxArtifact } from './chart-maker.ts'
import { type Blobs, makeImage, makeLayer } from './image-maker.ts'
import { directoryWith } from './temporary.ts'

/** The registry that the tree and its charts name. */
export const TREE_HOST = 'registry.example.com'

const DEPLOYMENT = (container: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec:
      containers:
        - {name: main, image: ${container}}
`

const WEB = {
  'values.yaml': 'image: {repository: HOST/shop/web, tag: "0.9"}\n',
  'templates/web.yaml': DEPLOYMENT('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
  'templates/proxy.yaml': `{{ if .Values.proxy }}${DEPLOYMENT('HOST/shop/proxy:2')}{{ end }}`,
  'templates/looked-up.yaml': '{{ range (lookup "v1" "Pod" "" "").items }}{{ fail "asked a cluster" }}{{ end }}',
}

type Tags = Readonly<Record<string, (blobs: Blobs) => Promise<Descriptor>>>

const image = (text: string) => async (blobs: Blobs) =>
  makeImage(blobs, [await makeLayer(blobs, { 'etc/motd': text })]).manifest
const chart = (name: string, version: string, files: Record<string, string>) => (blobs: Blobs) =>
  makeChart(blobs, { name, version, files: atHost(files) })

const REPOSITORIES: Readonly<Record<string, Tags>> = {
  'shop/web': { '1.4': image('web 1.4'), '1.5': image('web 1.5'), '1.6': image('web 1.6') },
  'shop/proxy': { '2': image('proxy') },
  'shop/db': { '16': image('db') },
  'shop/agent': { '3': image('agent') },
  'models/small': {
    '1': async (blobs) => makeArtifact(blobs, { artifactType: 'application/vnd.cncf.model.manifest.v1+json' }),
  },
  'charts/web': Object.fromEntries(['1.0.0', '1.4.2', '2.0.0'].map((version) => [version, chart('web', version, WEB)])),
  'charts/db': {
    '3.1.0_build': chart('db', '3.1.0+build', {
      'templates/db.yaml': DEPLOYMENT('HOST/shop/db:{{ .Values.version }}'),
    }),
  },
  'manifests/agent': {
    stable: (blobs) => makeFluxArtifact(blobs, atHost({ 'agent/pod.yaml': pod('agent', 'HOST/shop/agent:3') })),
  },
}

/** Fills a registry with charts, artifacts and images; gives what each tag stands for: `charts/web:1.4.2`. */
export async function fillUpstream(host: string): Promise<Record<string, Descriptor>> {
  const found: Record<string, Descriptor> = {}
  for (const [name, tags] of Object.entries(REPOSITORIES)) {
    const blobs: Blobs = new Map()
    const targets: Record<string, Descriptor> = {}
    for (const [tag, make] of Object.entries(tags)) targets[tag] = await make(blobs)
    await fillRepository(host, name, blobs, targets)
    for (const [tag, target] of Object.entries(targets)) found[`${name}:${tag}`] = target
  }
  return found
}

function atHost(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replaceAll('HOST', TREE_HOST)]))
}

function pod(name: string, image: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: main, image: "${image}"}]}\n`
}

/** A tree as Flux, Argo CD and k3s read one. */
export async function gitOpsTree(): Promise<string> {
  return directoryWith(atHost(TREE))
}

const TREE: Record<string, string> = {
  'sources.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: flux-system}
spec: {type: oci, url: "oci://HOST/charts"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: agent, namespace: flux-system}
spec: {url: "oci://HOST/manifests/agent", ref: {tag: stable}}
`,
  'web.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: web-values, namespace: shop}
data:
  values.yaml: |
    image: {tag: "1.3"}
    proxy: true
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  chart:
    spec:
      chart: web
      version: ">=1.0.0 <2.0.0"
      sourceRef: {kind: HelmRepository, name: charts, namespace: flux-system}
  valuesFrom:
    - {kind: ConfigMap, name: web-values}
    - {kind: Secret, name: web-keys}
  values: {image: {tag: "1.4"}}
`,
  'argo.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: db, namespace: argocd}
spec:
  destination: {namespace: shop}
  source:
    repoURL: HOST/charts
    chart: db
    targetRevision: 3.1.0+build
    helm: {parameters: [{name: version, value: "16"}]}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: webs, namespace: argocd}
spec:
  generators: [{list: {elements: [{stage: test, tag: "1.5"}]}}]
  template:
    metadata: {name: "web-{{stage}}"}
    spec:
      destination: {namespace: "{{stage}}"}
      source:
        repoURL: HOST/charts
        chart: web
        targetRevision: 1.0.0
        helm: {valuesObject: {image: {tag: "{{tag}}"}}}
`,
  'k3s.yaml': `apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: edge, namespace: kube-system}
spec: {chart: "oci://HOST/charts/web", version: 2.0.0, set: {image.tag: "1.5"}}
---
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: edge, namespace: kube-system}
spec: {valuesContent: "proxy: false"}
`,
  'model.yaml': `apiVersion: v1
kind: Pod
metadata: {name: answers}
spec:
  containers: [{name: main, image: "HOST/shop/web:1.6"}]
  volumes: [{name: model, image: {reference: "HOST/models/small:1", pullPolicy: IfNotPresent}}]
`,
}
