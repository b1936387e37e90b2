import { askedBy, type Marks } from '../../kubernetes/admission/injection.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import type { MadeElsewhere } from './made-elsewhere.ts'

/** Who puts containers into pods of others: what they run, and the annotation by which a pod names it itself. */
const IMAGES: Readonly<Record<string, readonly [repository: RegExp, named?: string]>> = {
  Istio: [/(?:^|\/)proxyv2$/, 'sidecar.istio.io/proxyImage'],
  Linkerd: [/linkerd2?[-/]proxy$/, 'config.linkerd.io/proxy-image'],
  Kuma: [/(?:^|\/)kuma-dp$/],
  'Open Service Mesh': [/(?:^|\/)envoy[\w-]*$/],
  Consul: [/(?:^|\/)consul-dataplane$/],
  Vault: [/(?:^|\/)vault(?:-enterprise)?$/, 'vault.hashicorp.com/agent-image'],
  'Bank-Vaults': [/(?:^|\/)(?:vault-env|bank-vaults)$/, 'vault.security.banzaicloud.io/vault-env-image'],
  Dapr: [/(?:^|\/)daprd?$/, 'dapr.io/sidecar-image'],
  Akeyless: [/akeyless/],
  Infisical: [/infisical/],
  Conjur: [/conjur/],
  '1Password': [/(?:^|\/)op$/],
  'NGINX Service Mesh': [/nginx-mesh-sidecar$/],
  k8tz: [/(?:^|\/)k8tz$/],
  OpenFeature: [/(?:^|\/)flagd[\w-]*$/],
  'Elastic APM': [/(?:^|\/)apm-agent/],
  Jaeger: [/(?:^|\/)jaeger-agent$/],
  Datadog: [/(?:^|\/)(?:dd-lib|agent$)/],
}
const LANGUAGE = /^instrumentation\.opentelemetry\.io\/inject-(?!sdk$)([\w-]+)$/
const COLLECTOR = /opentelemetry-collector|otel-?col/

/** Where resources describe the pods that they make; the description of a pod is its own. */
const TEMPLATES: readonly Path[] = [
  ['spec', 'template', 'metadata'],
  ['spec', 'jobTemplate', 'spec', 'template', 'metadata'],
  ['template', 'metadata'],
]

/** What others put into the pods of a resource or a namespace, as labels and annotations ask: nodes need its image too. */
export function injectionsOf({
  apiVersion,
  kind,
  value,
}: Pick<Resource, 'apiVersion' | 'kind' | 'value'>): MadeElsewhere[] {
  const isOwn = apiVersion === 'v1' && (kind === 'Pod' || kind === 'Namespace')
  return (isOwn ? [['metadata']] : TEMPLATES).flatMap((path) => {
    const metadata = valueAt(value, path)
    return isObject(metadata) ? injectionsIn(metadata, path, kind === 'Namespace') : []
  })
}

function injectionsIn(marks: Record<string, unknown> & Marks, path: Path, isNamespace: boolean): MadeElsewhere[] {
  const { labels, annotations = {} } = marks
  const told = new Map<string, MadeElsewhere>()
  for (const { who, key } of isNamespace ? askedBy({}, marks) : askedBy(marks, undefined)) {
    const [repository, named = ''] = imageOf(who, key) ?? []
    if (!repository || told.has(String(repository)) || Object.hasOwn(annotations, named)) continue
    told.set(String(repository), {
      code: 'OPERATOR_CHOOSES',
      what: `what ${who} puts into its pods`,
      path: [...path, labels && Object.hasOwn(labels, key) ? 'labels' : 'annotations', key],
      unless: { form: 'image', repository },
    })
  }
  return [...told.values()]
}

function imageOf(who: string, key: string): readonly [repository: RegExp, named?: string] | undefined {
  if (who !== 'OpenTelemetry') return Object.hasOwn(IMAGES, who) ? IMAGES[who] : undefined
  const language = LANGUAGE.exec(key)?.[1]
  if (language !== undefined) return [new RegExp(`autoinstrumentation-${language}$`)]
  return key.startsWith('sidecar.') ? [COLLECTOR] : undefined
}
