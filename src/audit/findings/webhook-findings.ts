import { type Finding, finding } from '../../finding.ts'
import { webhooksOf } from '../../kubernetes/admission/mutators.ts'
import { isSelected, matcherOf, type NewPod } from '../../kubernetes/admission/policies/pod-matching.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, lineOfResource, nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../plural.ts'
import type { Audit, WorkloadVerdict } from '../audit.ts'
import { newPodOf } from '../classes/pod-mutations.ts'
import type { MutationFacts } from '../facts/mutation-facts.ts'

const CONFIGURATIONS = /^(?:Mutating|Validating)WebhookConfiguration$/

/** The webhooks that are asked about audited pods and have nobody who answers: one finding for each configuration. */
export function webhookFindings({ workloads }: Audit, resources: readonly Resource[], facts: MutationFacts): Finding[] {
  const configurations = resources.filter(({ kind }) => CONFIGURATIONS.test(kind))
  if (configurations.length === 0) return []
  const pods = workloads.map(({ workload, verdict }) => ({
    name: nameOfResource(workload.resource),
    pod: newPodOf(workload, facts),
    verdict,
  }))
  const services = new Map(
    resources
      .filter(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1')
      .map((service) => [`${service.namespace || 'default'}/${service.name}`, service]),
  )
  return configurations.flatMap((configuration): Finding[] => {
    const found = webhooksOf(configuration.value).flatMap((webhook) => {
      const lack = webhook.failurePolicy === 'Ignore' ? undefined : lacking(webhook, services, pods)
      const isAbout = matcherOf(webhook)
      return lack === undefined ? [] : pods.flatMap(({ name, pod }) => (isAbout(pod) ? [{ name, lack }] : []))
    })
    const names = [...new Set(found.map(({ name }) => name))]
    const lacks = [...new Set(found.map(({ lack }) => lack))]
    if (names.length === 0) return []
    const who = nameOfResource(configuration)
    const message = `${who}: ${lacks.join(', ')}; no pod of ${countOf(names.length, 'workload')} is made while it does not answer: ${listNames(names)}`
    const place = { file: configuration.document.file, line: lineOfResource(configuration) }
    return [finding('WEBHOOK_WITHOUT_SERVICE', message, place)]
  })
}

/** Who does not answer; undefined where somebody may: a service with pods that are not impossible. */
function lacking(
  webhook: Readonly<Record<string, unknown>>,
  services: ReadonlyMap<string, Resource>,
  pods: readonly { readonly pod: NewPod; readonly verdict: WorkloadVerdict }[],
): string | undefined {
  const config = isObject(webhook.clientConfig) ? webhook.clientConfig : {}
  if (typeof config.url === 'string') return `it is at ${config.url}`
  const { namespace, name } = isObject(config.service) ? config.service : {}
  const key = `${namespace}/${name}`
  const service = services.get(key)
  if (!service) return `its Service ${key} is not among the inputs`
  const selector = valueAt(service.value, ['spec', 'selector'])
  if (!isObject(selector) || Object.keys(selector).length === 0) return undefined
  const selected = pods.filter(({ pod }) => pod.namespace === namespace && isSelected({ matchLabels: selector }, pod))
  if (selected.length === 0) return `its Service ${key} selects no workload that is among the inputs`
  const isStarting = selected.some(({ verdict }) => verdict !== 'impossible')
  return isStarting ? undefined : `the pods of its Service ${key} start nowhere`
}
