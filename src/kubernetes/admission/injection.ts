import type { Labels } from '../pods/label-selector.ts'

/** Labels and annotations of a pod or a namespace. */
export interface Marks {
  readonly labels?: Labels | undefined
  readonly annotations?: Labels | undefined
}

interface Injector {
  readonly who: string
  /** Of the pod, or of its namespace unless the pod says otherwise. */
  readonly key: string
  /** The values that ask for injection; a namespace may be meant by others than a pod. */
  readonly on: RegExp
  readonly of: 'both' | 'pod' | 'namespace'
  /** It looks at what makes the pod, too. */
  readonly ofWorkload?: boolean
}

const YES = /^(?:true|enabled|yes)$/i
const ANY = /[\s\S]/
const pod = (who: string, key: string, on = YES): Injector => ({ who, key, on, of: 'pod' })

/** What asks somebody to change pods, mostly to put containers into them, in their own documentation's words. */
const INJECTORS: readonly Injector[] = [
  { who: 'Istio', key: 'istio-injection', on: YES, of: 'namespace' },
  { who: 'Istio', key: 'istio.io/rev', on: ANY, of: 'both' },
  pod('Istio', 'sidecar.istio.io/inject'),
  { who: 'Linkerd', key: 'linkerd.io/inject', on: /^(?:enabled|ingress)$/, of: 'both' },
  { who: 'Kuma', key: 'kuma.io/sidecar-injection', on: YES, of: 'both' },
  { who: 'Open Service Mesh', key: 'openservicemesh.io/sidecar-injection', on: YES, of: 'both' },
  pod('Consul', 'consul.hashicorp.com/connect-inject'),
  pod('Vault', 'vault.hashicorp.com/agent-inject'),
  pod('Dapr', 'dapr.io/enabled'),
  pod('Bank-Vaults', 'bank-vaults.io/vault-addr', ANY),
  pod('Bank-Vaults', 'vault.security.banzaicloud.io/vault-addr', ANY),
  pod('Akeyless', 'akeyless/enabled'),
  pod('Infisical', 'org.infisical.com/inject'),
  pod('Conjur', 'conjur.org/inject'),
  pod('1Password', 'operator.1password.io/inject', ANY),
  { who: 'AWS App Mesh', key: 'appmesh.k8s.aws/sidecarInjectorWebhook', on: YES, of: 'both' },
  { who: 'NGINX Service Mesh', key: 'injector.nsm.nginx.com/auto-inject', on: YES, of: 'both' },
  pod('Telepresence', 'telepresence.getambassador.io/inject-traffic-agent'),
  pod('GKE', 'gke-gcsfuse/volumes'),
  pod('Azure Workload Identity', 'azure.workload.identity/inject-proxy-sidecar'),
  pod('Fluid', 'serverless.fluid.io/inject'),
  { who: 'k8tz', key: 'k8tz.io/inject', on: YES, of: 'both' },
  pod('OpenFeature', 'openfeature.dev/enabled'),
  { who: 'Odigos', key: 'odigos-instrumentation', on: YES, of: 'both', ofWorkload: true },
  pod('Elastic APM', 'co.elastic.apm/attach', ANY),
  { who: 'Instana', key: 'instana-autotrace', on: YES, of: 'both' },
  pod('Dynatrace', 'oneagent.dynatrace.com/inject'),
  { who: 'Dynatrace', key: 'dynakube.internal.dynatrace.com/instance', on: ANY, of: 'namespace' },
  { who: 'KubeMod', key: 'admission.kubemod.io/mutations', on: YES, of: 'namespace' },
  { who: 'sigstore', key: 'policy.sigstore.dev/include', on: YES, of: 'namespace' },
  { ...pod('Kueue', 'kueue.x-k8s.io/queue-name', ANY), ofWorkload: true },
  { who: 'OpenTelemetry', key: 'sidecar.opentelemetry.io/inject', on: /^(?!false$)[\s\S]+/, of: 'both' },
  ...['java', 'nodejs', 'python', 'dotnet', 'go', 'sdk', 'apache-httpd', 'nginx'].map(
    (language): Injector => ({
      who: 'OpenTelemetry',
      key: `instrumentation.opentelemetry.io/inject-${language}`,
      on: /^(?!false$)[\s\S]+/,
      of: 'both',
    }),
  ),
  { who: 'Jaeger', key: 'sidecar.jaegertracing.io/inject', on: /^(?!false$)[\s\S]+/, of: 'both', ofWorkload: true },
  pod('Datadog', 'admission.datadoghq.com/enabled'),
  pod('Datadog', 'agent.datadoghq.com/sidecar', ANY),
  ...['java', 'js', 'python', 'dotnet', 'ruby', 'php', 'all'].map((language) =>
    pod('Datadog', `admission.datadoghq.com/${language}-lib.version`, ANY),
  ),
]

/** Who is asked to change a pod, and by which mark: `Istio (istio-injection: enabled)`; each once. */
export function injectorsOf(ofPod: Marks, ofNamespace: Marks | undefined, ofWorkload?: Marks): string[] {
  const asked = askedBy(ofPod, ofNamespace, ofWorkload)
  return [...new Set(asked.map(({ who, key, value }) => `${who} (${key}: ${value})`))]
}

/** Who is asked to change a pod by a label or annotation of it, its namespace or what makes it. */
export interface Asked {
  readonly who: string
  readonly key: string
  readonly value: string
}

/** Each mark by which somebody is asked to change a pod; of a namespace alone, pods that say nothing themselves. */
export function askedBy(ofPod: Marks, ofNamespace: Marks | undefined, ofWorkload?: Marks): Asked[] {
  if (![ofPod, ofNamespace, ofWorkload].some(mayAsk)) return []
  return INJECTORS.flatMap(({ who, key, on, of, ofWorkload: looksAtWorkload }): Asked[] => {
    const made = looksAtWorkload ? markOf(ofWorkload, key) : undefined
    const own = of === 'namespace' ? undefined : markOf(ofPod, key)
    const value = own ?? made ?? (of === 'pod' ? undefined : markOf(ofNamespace, key))
    return value !== undefined && on.test(value) && !isRefused(who, ofPod) ? [{ who, key, value }] : []
  })
}

/** Whether a text may hold a mark of a namespace. */
export function mayAskOfNamespace(text: string): boolean {
  return INJECTORS.some(({ key, of }) => of !== 'pod' && text.includes(key))
}

const KEYS: ReadonlySet<string> = new Set(INJECTORS.map(({ key }) => key))

/** Whether there is any of the marks: on most pods there is none. */
function mayAsk(marks: Marks | undefined): boolean {
  return [marks?.labels, marks?.annotations].some(
    (map: unknown) => typeof map === 'object' && map !== null && Object.keys(map).some((key) => KEYS.has(key)),
  )
}

/** A pod that says no is left alone, whatever its namespace says. */
function isRefused(who: string, ofPod: Marks): boolean {
  return who === 'Istio' && markOf(ofPod, 'sidecar.istio.io/inject') === 'false'
}

function markOf(marks: Marks | undefined, key: string): string | undefined {
  return ownOf(marks?.labels, key) ?? ownOf(marks?.annotations, key)
}

function ownOf(map: unknown, key: string): string | undefined {
  if (typeof map !== 'object' || map === null || !Object.hasOwn(map, key)) return undefined
  const value = (map as Record<string, unknown>)[key]
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : undefined
}
