import { rowOf } from '../../../kubernetes/documents/row-of.ts'
import { OTHERS } from './others.ts'

/** A kind of which an operator chooses images by itself, unless the resource names them. */
export interface Choice {
  /** What it runs, for people. */
  readonly what: string
  /** Where its version stands, where the resource says one. */
  readonly version?: string
  /** Paths of which one has to be set for the operator not to choose: `a|b`. Without them any image that is named counts. */
  readonly unless?: string
  /** Only of resources in which the text at that path looks so. */
  readonly where?: readonly [path: string, pattern: RegExp]
  /** It is chosen whatever else the resource names; this elsewhere in the inputs names it, or an image of such a repository. */
  readonly settledBy?: 'queueProxy' | RegExp
}

const IMAGE: Partial<Choice> = { unless: 'spec.image' }
const of = (what: string, more: Partial<Choice> = {}): Choice => ({ what, ...more })
const same = (kinds: string, what: string, more?: Partial<Choice>): Readonly<Record<string, Choice>> =>
  Object.fromEntries(kinds.split(' ').map((kind) => [kind, of(what, more)]))

const PROMETHEUS: Partial<Choice> = { unless: 'spec.image|spec.baseImage|spec.version|spec.tag|spec.sha' }
const VICTORIA: Partial<Choice> = { unless: 'spec.image.tag' }
const LAUNCHER: Partial<Choice> = { settledBy: /(?:^|[/-])virt-launcher\b/ }
const KUBERNETES: Partial<Choice> = { version: 'spec.version|spec.kubernetesVersion' }

/** An image that serves the model, or a runtime, which is told where it is not here; the model may be an image too. */
const SERVED = [
  'spec.predictor.containers|spec.predictor.model.runtime',
  ...'model sklearn xgboost lightgbm tensorflow pytorch triton onnx huggingface pmml paddle'
    .split(' ')
    .map((framework) => `spec.predictor.${framework}.image`),
].join('|')

/** Controllers that run a proxy of their own for each gateway. */
const PROXIED =
  /^(?:gateway\.envoyproxy\.io|istio\.io|kgateway\.dev|gloo\.solo\.io|gateway\.nginx\.org|projectcontour\.io|konghq\.com|stunner\.l7mp\.io|eg\.|consul\.hashicorp\.com)/
/** Classes that such controllers, or their charts, bring. */
const PROXIED_CLASS = /^(?:istio|eg|envoy|envoy-gateway|kgateway|gloo-gateway|nginx|contour|kong|consul)$/

/** By API group and kind, where the version alone would not tell that something is chosen, or a part may be named. */
const CHOICES: Readonly<Record<string, Readonly<Record<string, Choice>>>> = {
  'monitoring.coreos.com': {
    Prometheus: of('Prometheus', PROMETHEUS),
    PrometheusAgent: of('Prometheus', PROMETHEUS),
    Alertmanager: of('Alertmanager', PROMETHEUS),
    ThanosRuler: of('Thanos', PROMETHEUS),
  },
  'kafka.strimzi.io': {
    Kafka: of('Kafka', { version: 'spec.kafka.version', unless: 'spec.kafka.image' }),
    ...same('KafkaConnect KafkaMirrorMaker KafkaMirrorMaker2 KafkaBridge', 'Kafka', {
      ...IMAGE,
      version: 'spec.version',
    }),
  },
  'rabbitmq.com': { RabbitmqCluster: of('RabbitMQ', IMAGE) },
  'mongodbcommunity.mongodb.com': { MongoDBCommunity: of('MongoDB', { version: 'spec.version' }) },
  'mongodb.com': same('MongoDB MongoDBMultiCluster MongoDBOpsManager', 'MongoDB', { version: 'spec.version' }),
  'databases.spotahome.com': { RedisFailover: of('Redis', { unless: 'spec.redis.image' }) },
  'postgresql.cnpg.io': {
    // Whether its catalog is here is told of that.
    Cluster: of('PostgreSQL', { unless: 'spec.imageName|spec.imageCatalogRef' }),
    Pooler: of('PgBouncer'),
  },
  'acid.zalan.do': {
    postgresql: of('PostgreSQL', { version: 'spec.postgresql.version', unless: 'spec.dockerImage' }),
  },
  'postgres-operator.crunchydata.com': {
    PostgresCluster: of('PostgreSQL', { version: 'spec.postgresVersion', ...IMAGE }),
    PGAdmin: of('pgAdmin', IMAGE),
    PGUpgrade: of('the upgrade of PostgreSQL', IMAGE),
  },
  'pgv2.percona.com': { PerconaPGCluster: of('PostgreSQL', { version: 'spec.postgresVersion', ...IMAGE }) },
  'crdb.cockroachlabs.com': { CrdbCluster: of('CockroachDB', { unless: 'spec.image.name' }) },
  'cassandra.datastax.com': {
    CassandraDatacenter: of('Cassandra', { version: 'spec.serverVersion', unless: 'spec.serverImage' }),
  },
  'k8ssandra.io': {
    K8ssandraCluster: of('Cassandra', {
      version: 'spec.cassandra.serverVersion',
      unless: 'spec.cassandra.serverImage',
    }),
  },
  'solr.apache.org': {
    SolrCloud: of('Solr', { unless: 'spec.solrImage.tag' }),
    SolrPrometheusExporter: of('the exporter of Solr', { unless: 'spec.image.tag' }),
  },
  'zookeeper.pravega.io': { ZookeeperCluster: of('ZooKeeper', { unless: 'spec.image.tag' }) },
  'vault.banzaicloud.com': { Vault: of('Bank-Vaults, beside Vault', { unless: 'spec.bankVaultsImage' }) },
  'grafana.integreatly.org': { Grafana: of('Grafana', { unless: 'spec.version|spec.deployment' }) },
  'opentelemetry.io': {
    ...same('OpenTelemetryCollector TargetAllocator OpAMPBridge', 'OpenTelemetry', IMAGE),
    Instrumentation: of('instrumentation'),
  },
  'jaegertracing.io': { Jaeger: of('Jaeger') },
  'install.istio.io': {
    IstioOperator: of('Istio', { unless: 'spec.tag|spec.values.global.tag' }),
  },
  'sailoperator.io': same('Istio IstioCNI IstioRevision ZTunnel', 'Istio', { version: 'spec.version' }),
  'maistra.io': { ServiceMeshControlPlane: of('the service mesh', { version: 'spec.version' }) },
  'operator.knative.dev': same('KnativeServing KnativeEventing', 'Knative', { version: 'spec.version' }),
  'serving.knative.dev': same('Service Configuration Revision', 'the queue-proxy that Knative puts into its pods', {
    settledBy: 'queueProxy',
  }),
  'argoproj.io': {
    ArgoCD: of('Argo CD', { ...IMAGE, version: 'spec.version' }),
    RolloutManager: of('Argo Rollouts'),
    ...same(
      'Workflow CronWorkflow WorkflowTemplate ClusterWorkflowTemplate',
      'the executor that Argo puts into its pods',
      {
        settledBy: /(?:^|[/-])argoexec\b/,
      },
    ),
    ...same('EventSource Sensor', 'its pod', { settledBy: /(?:^|\/)argo-events\b/ }),
    EventBus: of('the event bus', {
      unless: 'spec.nats.exotic|spec.jetstreamExotic',
      settledBy: /(?:^|\/)nats(?:-streaming)?$/,
    }),
  },
  'tekton.dev': same('Task ClusterTask TaskRun Pipeline PipelineRun', 'the entrypoint that Tekton puts into its pods', {
    settledBy: /(?:^|[/-])entrypoint\b/,
  }),
  'k8s.keycloak.org': { Keycloak: of('Keycloak', IMAGE) },
  'flink.apache.org': { FlinkDeployment: of('Flink', { version: 'spec.flinkVersion', ...IMAGE }) },
  'sparkoperator.k8s.io': same('SparkApplication ScheduledSparkApplication', 'Spark'),
  'spark.apache.org': same('SparkApplication SparkCluster', 'Spark', { version: 'spec.runtimeVersions.sparkVersion' }),
  'clickhouse.altinity.com': { ClickHouseInstallation: of('ClickHouse') },
  'clickhouse-keeper.altinity.com': { ClickHouseKeeperInstallation: of('ClickHouse Keeper') },
  'k8s.mariadb.com': same('MariaDB MaxScale', 'MariaDB', IMAGE),
  'mysql.oracle.com': { InnoDBCluster: of('MySQL', { unless: 'spec.version' }) },
  'instance.falcosecurity.dev': { Falco: of('Falco', { unless: 'spec.version' }) },
  'minio.min.io': { Tenant: of('MinIO', IMAGE) },
  'operator.victoriametrics.com': {
    ...same(
      'VMSingle VMAgent VMAlert VMAuth VMAlertmanager VMAnomaly VLogs VLSingle VLAgent VTSingle',
      'VictoriaMetrics',
      {
        ...VICTORIA,
      },
    ),
    VMCluster: of('VictoriaMetrics', {
      unless: 'spec.clusterVersion|spec.vmstorage.image.tag',
    }),
  },
  'hazelcast.com': same('Hazelcast ManagementCenter', 'Hazelcast', { unless: 'spec.version' }),
  'operator.tigera.io': same(
    'Installation APIServer Goldmane Whisker GatewayAPI ApplicationLayer EgressGateway LogCollector LogStorage Manager Monitor',
    'Calico',
  ),
  'kubevirt.io': {
    KubeVirt: of('KubeVirt', { version: 'spec.imageTag' }),
    ...same(
      'VirtualMachine VirtualMachineInstance VirtualMachineInstanceReplicaSet',
      'the pod of its machine',
      LAUNCHER,
    ),
  },
  'pool.kubevirt.io': { VirtualMachinePool: of('the pods of its machines', LAUNCHER) },
  'cdi.kubevirt.io': {
    CDI: of('the Containerized Data Importer'),
    DataVolume: of('the pod that brings its data', { settledBy: /(?:^|[/-])cdi-importer\b/ }),
  },
  'k8up.io': same('Schedule Backup Restore Archive Check Prune', 'the pods that run restic', {
    settledBy: /(?:^|\/)k8up$/,
  }),
  'volsync.backube': same('ReplicationSource ReplicationDestination', 'the pods that move its data', {
    settledBy: /(?:^|\/)volsync/,
  }),
  'hco.kubevirt.io': { HyperConverged: of('KubeVirt') },
  'networkaddonsoperator.network.kubevirt.io': { NetworkAddonsConfig: of('network add-ons') },
  'dragonflydb.io': { Dragonfly: of('Dragonfly', IMAGE) },
  'infinispan.org': { Infinispan: of('Infinispan', { version: 'spec.version', ...IMAGE }) },
  'loki.grafana.com': { LokiStack: of('Loki') },
  'tempo.grafana.com': same('TempoStack TempoMonolithic', 'Tempo'),
  'operator.tekton.dev': same(
    'TektonConfig TektonPipeline TektonTrigger TektonDashboard TektonChain TektonResult TektonHub',
    'Tekton',
  ),
  'database.arangodb.com': { ArangoDeployment: of('ArangoDB', IMAGE) },
  'kiali.io': { Kiali: of('Kiali', { version: 'spec.version', unless: 'spec.deployment.image_version' }) },
  'metallb.io': { MetalLB: of('MetalLB') },
  'serving.kserve.io': {
    InferenceService: of('the runtime of the model', { unless: SERVED }),
    LLMInferenceService: of('the runtime of the model'),
    InferenceGraph: of('the router of the graph'),
  },
  'machinelearning.seldon.io': { SeldonDeployment: of('the server of the model') },
  'mlops.seldon.io': same('SeldonRuntime Server', 'Seldon'),
  'skupper.io': { Site: of('Skupper') },
  'logging.banzaicloud.io': same('Logging FluentbitAgent FluentdConfig', 'logging'),
  'awx.ansible.com': { AWX: of('AWX', { unless: 'spec.image_version' }) },
  'broker.amq.io': { ActiveMQArtemis: of('Artemis', { version: 'spec.version' }) },
  'datadoghq.com': { DatadogAgent: of('the Datadog agent') },
  'dynatrace.com': { DynaKube: of('Dynatrace') },
  'operator.cluster.x-k8s.io': same(
    'CoreProvider BootstrapProvider ControlPlaneProvider InfrastructureProvider AddonProvider IPAMProvider RuntimeExtensionProvider',
    'the provider',
    { version: 'spec.version' },
  ),
  'k6.io': same('TestRun K6 PrivateLoadZone', 'k6', { unless: 'spec.runner.image' }),
  'gateway.networking.k8s.io': {
    GatewayClass: of('the proxies of its gateways', { where: ['spec.controllerName', PROXIED] }),
    Gateway: of('the proxy of the gateway', { where: ['spec.gatewayClassName', PROXIED_CLASS] }),
  },
  'operator.openshift.io': { IngressController: of('the router'), CertManager: of('cert-manager') },
  'nfd.openshift.io': { NodeFeatureDiscovery: of('Node Feature Discovery', { unless: 'spec.operand.image' }) },
  'nfd.k8s-sigs.io': { NodeFeatureDiscovery: of('Node Feature Discovery', { unless: 'spec.operand.image' }) },
  'nfd.kubernetes.io': { NodeFeatureDiscovery: of('Node Feature Discovery', { unless: 'spec.operand.image' }) },
  'controlplane.cluster.x-k8s.io': same(
    'RKE2ControlPlane KThreesControlPlane K0sControlPlane',
    'Kubernetes',
    KUBERNETES,
  ),
  'provisioning.cattle.io': { Cluster: of('Kubernetes', KUBERNETES) },
  'anywhere.eks.amazonaws.com': { Cluster: of('Kubernetes', KUBERNETES) },
  'kops.k8s.io': { Cluster: of('Kubernetes', KUBERNETES) },
}

const STACKABLE: Choice = of('the product', { version: 'spec.image.productVersion', unless: 'spec.image.custom' })

/** Where such resources say their version. */
const VERSIONS = 'spec.version|spec.postgres.version|spec.distribution.version|spec.clusterVersion'

/** What an operator chooses for a kind. */
export function choiceOf(group: string, kind: string): Choice | undefined {
  const kinds = rowOf(CHOICES, group)
  if (kinds) return rowOf(kinds, kind)
  const others = rowOf(OTHERS, group)
  if (others) return others[0].split(' ').includes(kind) ? of(others[1], { version: VERSIONS }) : undefined
  return group.endsWith('.stackable.tech') && kind.endsWith('Cluster') ? STACKABLE : undefined
}
