import { expect, test } from 'vitest'
import { CONVENTIONS } from '../../src/discovery/operators/conventions.ts'
import { scanText } from '../support/scan-text.ts'

const of = (apiVersion: string, kind: string, spec: string) =>
  scanText(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: ${spec}\n`)

const PROMETHEUS = 'monitoring.coreos.com/v1'
const TIDB = 'pingcap.com/v1alpha1'
const OPENSEARCH = 'opensearch.opster.io/v1'
const MYSQL = 'mysql.oracle.com/v2'
const VICTORIA = 'operator.victoriametrics.com/v1beta1'
const ISTIO = 'install.istio.io/v1alpha1'
const SOLR = 'solr.apache.org/v1beta1'

test.for<[apiVersion: string, kind: string, spec: string, images: string[]]>([
  [PROMETHEUS, 'Prometheus', '{version: v3.5.0}', ['quay.io/prometheus/prometheus:v3.5.0']],
  [PROMETHEUS, 'Prometheus', '{version: v3.5.0, tag: v3.5.1}', ['quay.io/prometheus/prometheus:v3.5.1']],
  [PROMETHEUS, 'Prometheus', '{version: v2.9.0, baseImage: x.io/prom}', ['x.io/prom:v2.9.0']],
  [PROMETHEUS, 'Prometheus', '{version: v2.9.0, image: "x.io/prom:v2"}', ['x.io/prom:v2']],
  [
    PROMETHEUS,
    'Prometheus',
    '{version: v2.9.0, thanos: {version: v0.38.0}}',
    ['quay.io/prometheus/prometheus:v2.9.0', 'quay.io/thanos/thanos:v0.38.0'],
  ],
  ['monitoring.coreos.com/v1alpha1', 'PrometheusAgent', '{version: v3.5.0}', ['quay.io/prometheus/prometheus:v3.5.0']],
  [PROMETHEUS, 'Alertmanager', '{version: v0.28.1}', ['quay.io/prometheus/alertmanager:v0.28.1']],
  [PROMETHEUS, 'ThanosRuler', '{version: v0.38.0}', ['quay.io/thanos/thanos:v0.38.0']],
  [
    'maps.k8s.elastic.co/v1alpha1',
    'ElasticMapsServer',
    '{version: 8.11.0}',
    ['docker.elastic.co/elastic-maps-service/elastic-maps-server-ubi8:8.11.0'],
  ],
  [
    'maps.k8s.elastic.co/v1alpha1',
    'ElasticMapsServer',
    '{version: 8.15.1}',
    ['docker.elastic.co/elastic-maps-service/elastic-maps-server-ubi:8.15.1'],
  ],
  [
    'maps.k8s.elastic.co/v1alpha1',
    'ElasticMapsServer',
    '{version: 9.1.0}',
    ['docker.elastic.co/elastic-maps-service/elastic-maps-server:9.1.0'],
  ],
  [
    'elasticsearch.k8s.elastic.co/v1',
    'Elasticsearch',
    '{version: 9.1.0, monitoring: {metrics: {elasticsearchRefs: [{name: m}]}, logs: {elasticsearchRefs: [{name: m}]}}}',
    [
      'docker.elastic.co/elasticsearch/elasticsearch:9.1.0',
      'docker.elastic.co/beats/metricbeat:9.1.0',
      'docker.elastic.co/beats/filebeat:9.1.0',
    ],
  ],
  [
    'elasticsearch.k8s.elastic.co/v1',
    'Elasticsearch',
    '{version: 9.1.0, nodeSets: [{podTemplate: {spec: {initContainers: [{name: i, image: "x.io/i:1"}]}}}]}',
    ['docker.elastic.co/elasticsearch/elasticsearch:9.1.0', 'x.io/i:1'],
  ],
  [
    TIDB,
    'TidbCluster',
    '{version: v8.5.2, pd: {}, tikv: {version: v8.5.1}, tidb: {baseImage: x.io/tidb}}',
    ['pingcap/pd:v8.5.2', 'pingcap/tikv:v8.5.1', 'x.io/tidb:v8.5.2'],
  ],
  ['core.pingcap.com/v1alpha1', 'TiKVGroup', '{template: {spec: {version: v8.5.2}}}', ['pingcap/tikv:v8.5.2']],
  [
    OPENSEARCH,
    'OpenSearchCluster',
    '{general: {version: 3.1.0}, dashboards: {enable: true, version: 3.1.0}, initHelper: {version: "1.36"}}',
    [
      'docker.io/opensearchproject/opensearch:3.1.0',
      'docker.io/opensearchproject/opensearch-dashboards:3.1.0',
      'docker.io/busybox:1.36',
    ],
  ],
  [
    OPENSEARCH,
    'OpenSearchCluster',
    '{general: {version: 3.1.0, defaultRepo: x.io/mirror}, dashboards: {enable: false}}',
    ['x.io/mirror/opensearch:3.1.0', 'x.io/mirror/busybox:latest'],
  ],
  [
    MYSQL,
    'InnoDBCluster',
    '{version: 9.1.0, router: {version: 9.1.0}}',
    [
      'container-registry.oracle.com/mysql/community-server:9.1.0',
      'container-registry.oracle.com/mysql/community-router:9.1.0',
    ],
  ],
  [
    MYSQL,
    'InnoDBCluster',
    '{version: 9.1.0, edition: enterprise, imageRepository: x.io/mysql/}',
    ['x.io/mysql/enterprise-server:9.1.0'],
  ],
  [VICTORIA, 'VMSingle', '{image: {tag: v1.120.0}}', ['victoriametrics/victoria-metrics:v1.120.0']],
  [VICTORIA, 'VMAgent', '{image: {repository: x.io/vmagent, tag: v1.120.0}}', ['x.io/vmagent:v1.120.0']],
  [
    VICTORIA,
    'VMCluster',
    '{clusterVersion: v1.120.0-cluster, vmselect: {}, vmstorage: {image: {tag: v1.119.0-cluster}}}',
    ['victoriametrics/vmselect:v1.120.0-cluster', 'victoriametrics/vmstorage:v1.119.0-cluster'],
  ],
  [
    'submariner.io/v1alpha1',
    'ServiceDiscovery',
    '{version: 0.20.0, repository: x.io/sub}',
    ['x.io/sub/lighthouse-agent:0.20.0', 'x.io/sub/lighthouse-coredns:0.20.0'],
  ],
  [
    ISTIO,
    'IstioOperator',
    '{tag: 1.26.0, components: {cni: {enabled: true}, ztunnel: {enabled: false}}}',
    ['docker.io/istio/pilot:1.26.0', 'docker.io/istio/proxyv2:1.26.0', 'docker.io/istio/install-cni:1.26.0'],
  ],
  [
    ISTIO,
    'IstioOperator',
    '{values: {global: {hub: x.io/istio, tag: 1.26.0}}}',
    ['x.io/istio/pilot:1.26.0', 'x.io/istio/proxyv2:1.26.0'],
  ],
  ['grafana.integreatly.org/v1beta1', 'Grafana', '{version: 12.1.0}', ['docker.io/grafana/grafana:12.1.0']],
  ['grafana.integreatly.org/v1beta1', 'Grafana', '{version: "x.io/grafana:12"}', ['x.io/grafana:12']],
  [
    SOLR,
    'SolrCloud',
    '{solrImage: {tag: 9.9.0}, busyBoxImage: {tag: "1.37"}}',
    ['library/solr:9.9.0', 'library/busybox:1.37'],
  ],
  [
    'scylla.scylladb.com/v1',
    'ScyllaCluster',
    '{version: 2025.2.0, agentVersion: 3.5.0}',
    ['docker.io/scylladb/scylla:2025.2.0', 'docker.io/scylladb/scylla-manager-agent:3.5.0'],
  ],
  [
    'crdb.cockroachlabs.com/v1alpha1',
    'CrdbCluster',
    '{cockroachDBVersion: v22.2.8}',
    ['cockroachdb/cockroach:v22.2.8'],
  ],
  ['hazelcast.com/v1alpha1', 'Hazelcast', '{version: 5.5.2}', ['docker.io/hazelcast/hazelcast-enterprise:5.5.2']],
  ['instance.falcosecurity.dev/v1alpha1', 'Falco', '{version: 0.41.0}', ['docker.io/falcosecurity/falco:0.41.0']],
])('%s %s with %s', ([apiVersion, kind, spec, images]) => {
  const { uses } = of(apiVersion, kind, spec)
  const likely = uses.filter(({ confidence }) => confidence !== 'possible')
  expect(likely.map(({ reference }) => reference).toSorted()).toEqual(images.toSorted())
})

test('every convention makes references of what it is given', () => {
  for (const { image = '', kind } of CONVENTIONS) {
    const filled = image.replaceAll(/\{([^{}]*?)(?::-([^{}]*))?\}/g, (_, __, otherwise) => otherwise ?? '1.2.3')
    expect(filled, kind).toMatch(/^[\w./:@-]+$/)
  }
})

test.for<[apiVersion: string, kind: string, spec: string, what: string | undefined]>([
  [PROMETHEUS, 'Prometheus', '{replicas: 2, containers: [{name: side, image: "x.io/side:1"}]}', 'Prometheus'],
  [PROMETHEUS, 'Prometheus', '{version: v3.5.0}', undefined],
  ['kafka.strimzi.io/v1', 'Kafka', '{kafka: {version: 4.1.0}, kafkaExporter: {image: "x.io/e:1"}}', 'Kafka 4.1.0'],
  ['kafka.strimzi.io/v1', 'Kafka', '{kafka: {image: "x.io/k:1"}}', undefined],
  ['rabbitmq.com/v1beta1', 'RabbitmqCluster', '{replicas: 3}', 'RabbitMQ'],
  ['rabbitmq.com/v1beta1', 'RabbitmqCluster', '{image: "rabbitmq:4.1"}', undefined],
  ['postgresql.cnpg.io/v1', 'Cluster', '{instances: 3}', 'PostgreSQL'],
  ['postgres-operator.crunchydata.com/v1beta1', 'PostgresCluster', '{postgresVersion: 17}', 'PostgreSQL 17'],
  ['acid.zalan.do/v1', 'postgresql', '{postgresql: {version: "17"}}', 'PostgreSQL 17'],
  [
    'cassandra.datastax.com/v1beta1',
    'CassandraDatacenter',
    '{serverType: cassandra, serverVersion: 4.1.2}',
    'Cassandra 4.1.2',
  ],
  ['flink.apache.org/v1beta1', 'FlinkDeployment', '{flinkVersion: v1_20}', 'Flink v1_20'],
  ['flink.apache.org/v1beta1', 'FlinkDeployment', '{flinkVersion: v1_20, image: "flink:1.20"}', undefined],
  ['operator.tigera.io/v1', 'Installation', '{registry: x.io/, variant: Calico}', 'Calico'],
  ['sailoperator.io/v1', 'Istio', '{version: v1.26.0}', 'Istio v1.26.0'],
  ['zookeeper.stackable.tech/v1alpha1', 'ZookeeperCluster', '{image: {productVersion: 3.9.3}}', 'the product 3.9.3'],
  [
    'serving.kserve.io/v1beta1',
    'InferenceService',
    '{predictor: {model: {modelFormat: {name: sklearn}}}}',
    'the runtime of the model',
  ],
  ['mysql.oracle.com/v2', 'InnoDBCluster', '{instances: 3}', 'MySQL'],
  ['x.example/v1', 'Thing', '{engine: {serverVersion: 2.4.1}}', 'version 2.4.1'],
  ['x.example/v1', 'Thing', '{tls: {minVersion: "1.2"}}', undefined],
])('%s %s with %s: its operator chooses %s', ([apiVersion, kind, spec, what]) => {
  const { findings } = of(apiVersion, kind, spec)
  const told = findings.filter(({ code }) => code === 'OPERATOR_CHOOSES').map(({ message }) => message)
  const named = what && `${kind} x: an operator chooses images for ${what}, and none is named`
  expect(told).toEqual(named ? [named] : [])
})
