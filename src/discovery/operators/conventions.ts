import type { FieldRule } from '../rules/field-rule.ts'
import { ELASTIC_CONVENTIONS } from './elastic-conventions.ts'

type Convention = Omit<FieldRule, 'group' | 'kind' | 'path' | 'image'>
type Row = readonly [kind: string, path: string, image: string, more?: Convention]

/** The versions of the Prometheus family are tags as they are. Source: pkg/operator/image.go of prometheus-operator. */
const prometheus = (repository: string, at = 'spec', more = ''): readonly (readonly [string, string, Convention])[] => {
  const named = `$.${at}.image|$.${at}.baseImage${more}`
  return [
    [`${at}.sha`, `${repository}@sha256:{}`, { unless: named }],
    [`${at}.tag`, `${repository}:{}`, { unless: `${named}|$.${at}.sha` }],
    [`${at}.version`, `${repository}:{}`, { unless: `${named}|$.${at}.sha|$.${at}.tag` }],
  ]
}

const MONITORING: readonly Row[] = [
  ...(['Prometheus', 'PrometheusAgent'] as const).flatMap((kind) =>
    prometheus('quay.io/prometheus/prometheus').map((row): Row => [kind, ...row]),
  ),
  ...prometheus('quay.io/prometheus/alertmanager').map((row): Row => ['Alertmanager', ...row]),
  ...prometheus('quay.io/thanos/thanos').map((row): Row => ['ThanosRuler', ...row]),
  ...prometheus('quay.io/thanos/thanos', 'spec.thanos').map((row): Row => ['Prometheus', ...row]),
]

/** Components of TiDB and their images. Source: the defaults in the API of tidb-operator 1, pkg/image of version 2. */
const TIDB: readonly Row[] = (
  [
    ['pd', 'pd'],
    ['tikv', 'tikv'],
    ['tidb', 'tidb'],
    ['tiflash', 'tiflash'],
    ['ticdc', 'ticdc'],
    ['tiproxy', 'tiproxy'],
    ['pump', 'tidb-binlog'],
  ] as const
).map(([component, image]): Row => {
  const template = `{baseImage:-pingcap/${image}}:{version|$.spec.version}`
  return ['TidbCluster', `spec.${component}`, template, { unless: 'image' }]
})

const TIDB_GROUPS: readonly Row[] = (
  [
    ...(['PD', 'TiKV', 'TiDB', 'TiFlash', 'TiCDC', 'TiProxy'] as const).map(
      (name) => [name, name.toLowerCase()] as const,
    ),
    // Services that were split off run the same program.
    ...(['TSO', 'Scheduling', 'Scheduler', 'Router', 'ResourceManager'] as const).map((name) => [name, 'pd'] as const),
    ['DM', 'dm'],
    ['DMWorker', 'dm'],
  ] as const
).map(
  ([name, image]): Row => [
    `${name}Group`,
    'spec.template.spec.version',
    `pingcap/${image}:{}`,
    { unless: '$.spec.template.spec.image' },
  ],
)

const OPENSEARCH_REPOSITORY = '{$.spec.general.defaultRepo:-docker.io/opensearchproject}'
/** Source: reconcile-helpers.go of opensearch-k8s-operator. */
const OPENSEARCH: readonly Row[] = [
  [
    'OpenSearchCluster',
    'spec.general.version',
    `${OPENSEARCH_REPOSITORY}/opensearch:{}`,
    { unless: '$.spec.general.image' },
  ],
  [
    'OpenSearchCluster',
    'spec.dashboards',
    `${OPENSEARCH_REPOSITORY}/opensearch-dashboards:{version|$.spec.general.version}`,
    { where: { enable: 'true' }, unless: 'image' },
  ],
  [
    'OpenSearchCluster',
    'spec.general',
    '{defaultRepo:-docker.io}/busybox:{$.spec.initHelper.version:-latest}',
    { unless: '$.spec.initHelper.image' },
  ],
]

const MYSQL_REPOSITORY = '{$.spec.imageRepository:-container-registry.oracle.com/mysql}'
/** Source: config.py and cluster_api.py of mysql-operator. */
const MYSQL: readonly Row[] = (
  [
    ['community', { where: { edition: 'community' } }],
    ['community', { unless: 'edition' }],
    ['enterprise', { where: { edition: 'enterprise' } }],
  ] as const
).flatMap(([edition, when]): Row[] => [
  ['InnoDBCluster', 'spec', `${MYSQL_REPOSITORY}/${edition}-server:{version}`, when],
  ['InnoDBCluster', 'spec', `${MYSQL_REPOSITORY}/${edition}-router:{router.version}`, when],
])

/** Source: internal/config of the operator. */
const VICTORIA_METRICS: readonly Row[] = [
  ...Object.entries({
    VMSingle: 'victoriametrics/victoria-metrics',
    VMAgent: 'victoriametrics/vmagent',
    VMAlert: 'victoriametrics/vmalert',
    VMAuth: 'victoriametrics/vmauth',
    VMAnomaly: 'victoriametrics/vmanomaly',
    VMAlertmanager: 'prom/alertmanager',
    VLSingle: 'victoriametrics/victoria-logs',
    VLAgent: 'victoriametrics/vlagent',
    VTSingle: 'victoriametrics/victoria-traces',
  }).map(([kind, image]): Row => [kind, 'spec.image', `{repository:-${image}}:{tag}`]),
  ...['vmselect', 'vminsert', 'vmstorage'].map(
    (part): Row => [
      'VMCluster',
      `spec.${part}`,
      `{image.repository:-victoriametrics/${part}}:{image.tag|$.spec.clusterVersion}`,
    ],
  ),
]

/** Source: pkg/images and pkg/names of submariner-operator. */
const SUBMARINER: readonly Row[] = [
  ...['submariner-gateway', 'submariner-route-agent', 'submariner-globalnet', 'nettest'].map(
    (image): Row => ['Submariner', 'spec', `{repository:-quay.io/submariner}/${image}:{version}`],
  ),
  ...['lighthouse-agent', 'lighthouse-coredns'].map(
    (image): Row => ['ServiceDiscovery', 'spec', `{repository:-quay.io/submariner}/${image}:{version}`],
  ),
]

const ENABLED: Convention = { where: { enabled: 'true' } }
const ISTIO_HUB = '{$.spec.hub|$.spec.values.global.hub:-docker.io/istio}'
const ISTIO_TAG = '{$.spec.tag|$.spec.values.global.tag}'
const ISTIO: readonly Row[] = [
  ['IstioOperator', 'spec', `${ISTIO_HUB}/pilot:${ISTIO_TAG}`],
  ['IstioOperator', 'spec', `${ISTIO_HUB}/proxyv2:${ISTIO_TAG}`],
  ...(['cni', 'ztunnel'] as const).map((component): Row => {
    const image = component === 'cni' ? 'install-cni' : component
    return ['IstioOperator', `spec.components.${component}`, `${ISTIO_HUB}/${image}:${ISTIO_TAG}`, ENABLED]
  }),
]

const GRAFANA: readonly Row[] = [
  // A whole reference may stand there too.
  ['Grafana', 'spec.version', '{}', { matches: /[/:@]/ }],
  ['Grafana', 'spec.version', 'docker.io/grafana/grafana:{}', { matches: /^\w[\w.-]*$/ }],
]

const SOLR: readonly Row[] = [
  ['SolrCloud', 'spec.solrImage', '{repository:-library/solr}:{tag}'],
  ['SolrCloud', 'spec', '{busyBoxImage.repository:-library/busybox}:{busyBoxImage.tag:-1.28.0-glibc}'],
  ['SolrCloud', 'spec.zookeeperRef.provided.image', '{repository:-pravega/zookeeper}:{tag}'],
  ['SolrPrometheusExporter', 'spec.image', '{repository:-library/solr}:{tag}'],
]

const SCYLLA: readonly Row[] = [
  ['ScyllaCluster', 'spec', '{repository:-docker.io/scylladb/scylla}:{version}'],
  ['ScyllaCluster', 'spec', '{agentRepository:-docker.io/scylladb/scylla-manager-agent}:{agentVersion:-latest}'],
]

/** Source: internal/pkg/image of falco-operator. */
const FALCO: readonly Row[] = [
  ['Falco', 'spec.version', 'docker.io/falcosecurity/falco:{}'],
  ...(
    [
      ['metacollector', 'k8s-metacollector'],
      ['falcosidekick', 'falcosidekick'],
      ['falcosidekick-ui', 'falcosidekick-ui'],
    ] as const
  ).map(
    ([type, image]): Row => [
      'Component',
      'spec.component',
      `docker.io/falcosecurity/${image}:{version}`,
      { where: { type } },
    ],
  ),
]

const BY_GROUP: Readonly<Record<string, readonly Row[]>> = {
  'monitoring.coreos.com': MONITORING,
  'pingcap.com': TIDB,
  'core.pingcap.com': TIDB_GROUPS,
  'opensearch.opster.io': OPENSEARCH,
  'opensearch.org': OPENSEARCH,
  'mysql.oracle.com': MYSQL,
  'operator.victoriametrics.com': VICTORIA_METRICS,
  'submariner.io': SUBMARINER,
  'install.istio.io': ISTIO,
  'grafana.integreatly.org': GRAFANA,
  'solr.apache.org': SOLR,
  'scylla.scylladb.com': SCYLLA,
  'zookeeper.pravega.io': [['ZookeeperCluster', 'spec.image', '{repository:-pravega/zookeeper}:{tag}']],
  'crdb.cockroachlabs.com': [
    ['CrdbCluster', 'spec.cockroachDBVersion', 'cockroachdb/cockroach:{}', { unless: '$.spec.image.name' }],
  ],
  'hazelcast.com': [
    ['Hazelcast', 'spec', '{repository:-docker.io/hazelcast/hazelcast-enterprise}:{version}'],
    ['ManagementCenter', 'spec', '{repository:-docker.io/hazelcast/management-center}:{version}'],
  ],
  'instance.falcosecurity.dev': FALCO,
  'artifact.falcosecurity.dev': ['Rulesfile', 'Plugin', 'Config'].map(
    (kind): Row => [kind, 'spec.ociArtifact', '{registry.name:-ghcr.io}/{image.repository}:{image.tag:-latest}'],
  ),
}

/**
 * The images that operators make of what a custom resource says, where their convention is known: a repository of
 * their own with a version. One that is named in the resource comes first.
 */
export const CONVENTIONS: readonly FieldRule[] = [
  ...ELASTIC_CONVENTIONS,
  ...Object.entries(BY_GROUP).flatMap(([group, rows]) =>
    rows.map(([kind, path, image, more]): FieldRule => ({ group, kind, path, image, ...more })),
  ),
]
