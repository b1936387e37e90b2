import { valueAt } from '../../kubernetes/documents/path.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import type { ImageCandidate } from '../uses/image-candidate.ts'

/** Repositories of the Elastic stack by kind; the version is the tag. Source: container.go of cloud-on-k8s 3. */
const ELASTIC: ReadonlyMap<string, string> = new Map([
  ['Elasticsearch', 'elasticsearch/elasticsearch'],
  ['Kibana', 'kibana/kibana'],
  ['ApmServer', 'apm/apm-server'],
  ['EnterpriseSearch', 'enterprise-search/enterprise-search'],
  ['Logstash', 'logstash/logstash'],
  ['Agent', 'elastic-agent/elastic-agent'],
])
const ELASTIC_GROUP = /(?:^|\.)k8s\.elastic\.co$/

/** The image that an operator makes of the version of a custom resource, where its convention is written down. */
export function imageOfVersion({ apiVersion, kind, value }: Resource): ImageCandidate | undefined {
  if (!ELASTIC_GROUP.test(groupOf(apiVersion))) return undefined
  const version = valueAt(value, ['spec', 'version'])
  const repository = typeof version === 'string' ? elasticRepository(kind, version, value) : undefined
  if (repository === undefined) return undefined
  return {
    reference: `docker.elastic.co/${repository}:${version}`,
    path: ['spec', 'version'],
    textLine: undefined,
    layer: 'knownField',
    confidence: 'likely',
    why: `version of a ${kind}, by the convention of its operator`,
    container: undefined,
    policy: undefined,
  }
}

function elasticRepository(kind: string, version: string, value: Resource['value']): string | undefined {
  if (kind === 'Agent' && /^[0-8]\./.test(version)) return 'beats/elastic-agent'
  const type = valueAt(value, ['spec', 'type'])
  if (kind === 'Beat' && typeof type === 'string' && /^[a-z]{1,40}$/.test(type)) return `beats/${type}`
  return ELASTIC.get(kind)
}
