import type { FieldRule } from '../rules/field-rule.ts'

type Row = readonly [group: string, kind: string, image: string, matches?: RegExp]

/** Versions before 9, whose agent lies with the beats. */
const BEFORE_9 = /^[0-8]\./
const SINCE_9 = /^(?:9|\d\d)\./
/** Versions of the map server, whose images have a suffix before 8.16. */
const MAPS_UBI8 = /^(?:7\.(?:\d\.|1[0-6]\.|17\.(?:\d|1[0-5])$)|8\.(?:\d|1[01])\.)/
const MAPS_UBI = /^(?:7\.17\.(?:1[6-9]|[2-9]\d)$|8\.1[2-5]\.)/
const MAPS = /^(?:8\.(?:1[6-9]|[2-9]\d)\.|9\.|\d\d\.)/

/** The version is the tag. Source: container.go of cloud-on-k8s 3. */
const ROWS: readonly Row[] = [
  ['elasticsearch', 'Elasticsearch', 'elasticsearch/elasticsearch:{}'],
  ['kibana', 'Kibana', 'kibana/kibana:{}'],
  ['apm', 'ApmServer', 'apm/apm-server:{}'],
  ['enterprisesearch', 'EnterpriseSearch', 'enterprise-search/enterprise-search:{}'],
  ['logstash', 'Logstash', 'logstash/logstash:{}'],
  ['agent', 'Agent', 'beats/elastic-agent:{}', BEFORE_9],
  ['agent', 'Agent', 'elastic-agent/elastic-agent:{}', SINCE_9],
  ['beat', 'Beat', 'beats/{$.spec.type}:{}'],
  ['maps', 'ElasticMapsServer', 'elastic-maps-service/elastic-maps-server-ubi8:{}', MAPS_UBI8],
  ['maps', 'ElasticMapsServer', 'elastic-maps-service/elastic-maps-server-ubi:{}', MAPS_UBI],
  ['maps', 'ElasticMapsServer', 'elastic-maps-service/elastic-maps-server:{}', MAPS],
  ['packageregistry', 'PackageRegistry', 'package-registry/distribution:lite-{}'],
  ['autoops', 'AutoOpsAgentPolicy', 'elastic-agent/elastic-otel-collector:{}'],
]

/** Kinds that metrics and logs of which beats send, beside them in their pods. */
const MONITORED = { elasticsearch: 'Elasticsearch', kibana: 'Kibana', logstash: 'Logstash', beat: 'Beat' } as const

/** The images that the operator of the Elastic stack makes of versions. */
export const ELASTIC_CONVENTIONS: readonly FieldRule[] = [
  ...ROWS.map(([group, kind, image, matches]): FieldRule => {
    const at = { group: `${group}.k8s.elastic.co`, kind, path: 'spec.version' }
    return { ...at, image: `docker.elastic.co/${image}`, unless: '$.spec.image', ...(matches && { matches }) }
  }),
  ...Object.entries(MONITORED).flatMap(([group, kind]): FieldRule[] => {
    const at = { group: `${group}.k8s.elastic.co`, kind }
    return [
      { ...at, path: 'spec.monitoring.metrics', image: 'docker.elastic.co/beats/metricbeat:{$.spec.version}' },
      { ...at, path: 'spec.monitoring.logs', image: 'docker.elastic.co/beats/filebeat:{$.spec.version}' },
    ]
  }),
]
