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

/** What asks an operator to put containers into pods, in its own documentation's words. */
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
]

/** Who is asked to put containers into a pod, and by which mark: `Istio (istio-injection: enabled)`; each once. */
export function injectorsOf(ofPod: Marks, ofNamespace: Marks | undefined, ofWorkload?: Marks): string[] {
  const asked = INJECTORS.flatMap(({ who, key, on, of, ofWorkload: looksAtWorkload }): string[] => {
    const made = looksAtWorkload ? markOf(ofWorkload, key) : undefined
    const own = of === 'namespace' ? undefined : markOf(ofPod, key)
    const said = own ?? made ?? (of === 'pod' ? undefined : markOf(ofNamespace, key))
    return said !== undefined && on.test(said) && !isRefused(who, ofPod) ? [`${who} (${key}: ${said})`] : []
  })
  return [...new Set(asked)]
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
