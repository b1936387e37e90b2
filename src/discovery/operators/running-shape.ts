import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'

/** How many of something are run. */
const COUNTS =
  /^(?:replicas|replicaCount|size|instances|members|nodeCount|numberOfNodes|servers|workers|brokers|shards)$/
/** What only pods have. */
const OF_PODS =
  /^(?:nodeSelector|tolerations|podTemplate|podSpec|podMetadata|podAnnotations|podLabels|podSecurityContext|serviceAccountName|serviceAccount|volumeClaimTemplates?|topologySpreadConstraints|priorityClassName|imagePullSecrets|imagePullPolicy|livenessProbe|readinessProbe|extraEnv|containers|initContainers|sidecars)$/

/** How something that runs is spread. */
const MODE = /^(?:mode|architecture|topology|deploymentMode|clusterMode)$/
const MODES =
  /^(?:ha|high-?availability|standalone|single-?node|cluster|replication|replica-?set|sentinel|distributed|sharded)$/i
const HIGHLY = /^(?:ha|highAvailability|highlyAvailable)$/
const STORED = /^(?:storage|persistence|dataVolume|volumeClaim|persistentVolumeClaim)$/

/** Kinds with counts or limits of things that are no pods: data, rules, machines, what others run. */
const OTHER_KINDS =
  /(?:Topic|Queue|Quota|Policy|Stream|Bucket|User|Role|Route|Binding|Claim|Pool|Class|Template|Profile|Autoscaler|Scaler|ScaledObject|Machine\w*|VirtualMachine\w*|VM|Node|NodeGroup|NodeConfig|Provisioner|Workload|PodGroup|Volume|Snapshot|Backup|Restore|Schedule|Network|Subnet|Rollout|Budget|Composition|Definition|Request|Report|Rule|Settings?|Image\w*)$/
/** Groups whose kinds describe machines, clouds, packages, policies or what other controllers already tell. */
const OTHER_GROUPS =
  /(?:^|\.)(?:karpenter\.\w+|karpenter\.k8s\.\w+|keda\.sh|crossplane\.io|upbound\.io|velero\.io|kueue\.x-k8s\.io|volcano\.sh|openshift\.io|cattle\.io|argoproj\.io|toolkit\.fluxcd\.io|kyverno\.io|gatekeeper\.sh|istio\.io|x-k8s\.io|cert-manager\.io|longhorn\.io|gardener\.cloud|projectcalico\.org|kubevirt\.io|kubeflow\.org|rook\.io)$/

/** Clouds run these themselves. */
const CLOUDS =
  /(?:^|\.)(?:aws|amazonaws|azure|azure\w*|google|gcp|alibaba\w*|oracle|ibm|digitalocean|ovh|scaleway)(?:\.|$)/
/** Servers that an operator runs, by the names that their kinds have. */
const SERVERS =
  /^(?:Redis|Valkey|KeyDB|Memcached|Postgres|PostgreSQL|MySQL|MariaDB|MongoDB|Cassandra|Scylla|ClickHouse|Elasticsearch|OpenSearch|Solr|Kafka|RabbitMQ|Nats|Pulsar|ZooKeeper|Etcd|Consul|MinIO|Grafana|Prometheus|Keycloak|Jenkins|GitLab|SonarQube|Harbor|Airflow|Trino|Druid|Superset|Neo4j|InfluxDB|CouchDB|CockroachDB|TiDB|Milvus|Weaviate|Qdrant|Couchbase|Aerospike|Hazelcast|Ignite)(?:Cluster|Instance|Server|Replication|ReplicaSet|Sentinel|Failover|Standalone|Deployment)?$/i

/** Whether a kind is one of a well-known server that its operator runs in pods. */
export function isServer(group: string, kind: string): boolean {
  return group.includes('.') && !OTHER_GROUPS.test(group) && !CLOUDS.test(group) && SERVERS.test(kind)
}

/**
 * The field by which a custom resource without an image looks as if pods were run for it: it says how many, what they may
 * use, or where they go.
 */
export function runningShape(group: string, { kind, value }: Pick<Resource, 'kind' | 'value'>): Path | undefined {
  if (!group.includes('.') || OTHER_GROUPS.test(group) || OTHER_KINDS.test(kind) || !isObject(value.spec))
    return undefined
  const { spec } = value
  const parts = Object.entries(spec).flatMap(([key, part]) => (isObject(part) ? [{ path: ['spec', key], part }] : []))
  for (const { path, part } of [{ path: ['spec'], part: spec }, ...parts]) {
    const key = Object.keys(part).find((name) => saysPods(name, part[name]))
    if (key !== undefined) return [...path, key]
  }
  return undefined
}

function saysPods(name: string, value: unknown): boolean {
  if (COUNTS.test(name)) return typeof value === 'number' && value > 0
  if (MODE.test(name)) return typeof value === 'string' && MODES.test(value)
  if (HIGHLY.test(name)) return value === true || (isObject(value) && value.enabled === true)
  if (STORED.test(name)) return isObject(value) && ('storageClassName' in value || 'accessModes' in value)
  if (name === 'resources') return isObject(value) && (isQuantities(value.requests) || isQuantities(value.limits))
  if (name === 'affinity') return isObject(value) && ('nodeAffinity' in value || 'podAntiAffinity' in value)
  return OF_PODS.test(name)
}

function isQuantities(value: unknown): boolean {
  return isObject(value) && ('cpu' in value || 'memory' in value)
}
