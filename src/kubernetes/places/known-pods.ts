import type { Path } from '../documents/path.ts'
import { valueAt } from '../documents/path.ts'
import { CONTAINER_LISTS, type PodImage, podImages } from '../objects/pod-images.ts'
import { effectivePullPolicy } from '../objects/pull-policy.ts'
import { isObject, type Resource } from '../objects/resource.ts'

/** What custom resources say of their pods in fields of their own, by the schemas of their definitions. */
interface KnownFields {
  readonly group: string
  readonly kinds: readonly string[]
  /** What holds the images; `[]` is every entry of a list. */
  readonly pods: readonly string[]
  /** Maps below it that have an `image` and, beside it, an `imagePullPolicy`; `` is itself. */
  readonly containers?: readonly string[]
  /** The same, where only the pod has a policy: `imagePullPolicy` of itself, or a reason why there is none. */
  readonly images?: readonly string[]
  readonly policy?: { readonly none: string }
  /** Where a nodeSelector goes: beside, a path from the resource whose parent has to be there, or why nowhere. */
  readonly selector: 'beside' | { readonly path: string; readonly instead: string } | { readonly none: string }
  /** A nodeSelector that one of the pod replaces, not extends. */
  readonly inherited?: string
}

const ARGO = {
  group: 'argoproj.io',
  containers: ['container', 'script', 'containerSet.containers[]', 'initContainers[]', 'sidecars[]'],
  selector: 'beside',
} as const
const STEPS = ['steps[]', 'sidecars[]', 'stepTemplate'] as const
const BY_RUN = {
  none: 'the run of it has the field: spec.podTemplate of a TaskRun, spec.taskRunTemplate.podTemplate of a PipelineRun',
}
const STRIMZI = {
  group: 'kafka.strimzi.io',
  policy: { none: 'its operator sets it, by STRIMZI_IMAGE_PULL_POLICY' },
  selector: { none: 'its pods are placed by template.pod.affinity' },
} as const
const SPARK = { group: 'sparkoperator.k8s.io', images: ['', 'driver', 'executor'], selector: 'beside' } as const

/**
 * Sources: the APIs of Argo Workflows (`Template`), Tekton (`Step`, `Sidecar`, `PodTemplate`), Strimzi (`PodTemplate`),
 * prometheus-operator (`CommonPrometheusFields`, `AlertmanagerSpec`, `ThanosRulerSpec`), the Spark and Flink operators and
 * KServe (`PredictorSpec`).
 */
const KNOWN: readonly KnownFields[] = [
  {
    ...ARGO,
    kinds: ['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate'],
    pods: ['spec.templates[]'],
    inherited: 'spec.nodeSelector',
  },
  {
    ...ARGO,
    kinds: ['CronWorkflow'],
    pods: ['spec.workflowSpec.templates[]'],
    inherited: 'spec.workflowSpec.nodeSelector',
  },
  { group: 'tekton.dev', kinds: ['Task', 'ClusterTask'], pods: ['spec'], containers: STEPS, selector: BY_RUN },
  {
    group: 'tekton.dev',
    kinds: ['TaskRun'],
    pods: ['spec.taskSpec'],
    containers: STEPS,
    selector: { path: 'spec.podTemplate.nodeSelector', instead: 'spec.podTemplate' },
  },
  {
    group: 'tekton.dev',
    kinds: ['Pipeline'],
    pods: ['spec.tasks[].taskSpec', 'spec.finally[].taskSpec'],
    containers: STEPS,
    selector: BY_RUN,
  },
  {
    group: 'tekton.dev',
    kinds: ['PipelineRun'],
    pods: ['spec.pipelineSpec.tasks[].taskSpec', 'spec.pipelineSpec.finally[].taskSpec'],
    containers: STEPS,
    selector: { none: 'all its pods have that of spec.taskRunTemplate.podTemplate' },
  },
  {
    group: 'monitoring.coreos.com',
    kinds: ['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'],
    pods: ['spec'],
    containers: [''],
    selector: 'beside',
  },
  {
    group: 'serving.kserve.io',
    kinds: ['InferenceService'],
    pods: ['spec.predictor', 'spec.transformer', 'spec.explainer'],
    containers: ['model'],
    selector: 'beside',
  },
  { ...SPARK, kinds: ['SparkApplication'], pods: ['spec'] },
  { ...SPARK, kinds: ['ScheduledSparkApplication'], pods: ['spec.template'] },
  {
    group: 'flink.apache.org',
    kinds: ['FlinkDeployment'],
    pods: ['spec'],
    containers: [''],
    selector: { path: 'spec.podTemplate.spec.nodeSelector', instead: 'spec.podTemplate.spec' },
  },
  {
    ...STRIMZI,
    kinds: ['Kafka'],
    pods: [
      ...['spec.kafka', 'spec.zookeeper', 'spec.cruiseControl', 'spec.kafkaExporter'],
      ...['spec.entityOperator.topicOperator', 'spec.entityOperator.userOperator'],
    ],
    images: [''],
  },
  {
    ...STRIMZI,
    kinds: ['KafkaConnect', 'KafkaBridge', 'KafkaMirrorMaker', 'KafkaMirrorMaker2'],
    pods: ['spec'],
    images: [''],
  },
]

/** An image of a pod, and where its pull policy goes; a text says why nowhere. */
export interface PlacedImage extends PodImage {
  /** From what holds the containers. */
  readonly policyAt: Path | string
}

/** A pod of a custom resource, as its own fields describe it. */
export interface KnownPod {
  readonly podPath: Path
  readonly images: readonly PlacedImage[]
  /** From the resource; a text says why a nodeSelector goes nowhere. */
  readonly selectorAt: Path | string
  readonly inherited: Readonly<Record<string, string>>
}

/** The pods of a custom resource whose fields are known, and which names an image there. */
export function knownPodsOf({ apiVersion, kind, value }: Pick<Resource, 'apiVersion' | 'kind' | 'value'>): KnownPod[] {
  const group = apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0))
  const fields = KNOWN.find((one) => one.group === group && one.kinds.includes(kind))
  if (!fields) return []
  const paths = fields.pods.flatMap((pattern) => pathsAt(value, pattern))
  return paths.flatMap((podPath): KnownPod[] => {
    const images = imagesOf(valueAt(value, podPath), fields)
    if (!images.some(({ isKnown }) => isKnown)) return []
    const inherited = fields.inherited === undefined ? undefined : valueAt(value, fields.inherited.split('.'))
    return [
      {
        podPath,
        images,
        selectorAt: selectorAt(value, podPath, fields),
        inherited: isObject(inherited) ? (inherited as Record<string, string>) : {},
      },
    ]
  })
}

function imagesOf(pod: unknown, { containers = [], images = [], policy }: KnownFields) {
  const lists = new Set<string>(CONTAINER_LISTS)
  const own = containers.filter((pattern) => !lists.has(pattern.replace('[]', '')) || !isPodShape(pod))
  return [
    ...own.flatMap((pattern) => placed(pod, pattern, (path) => [...path, 'imagePullPolicy'])),
    ...images.flatMap((pattern) => placed(pod, pattern, () => policy?.none ?? ['imagePullPolicy'])),
    ...(isPodShape(pod) ? containerImages(pod) : []).map((image) => ({ ...image, isKnown: false })),
  ]
}

/** The images of a pod spec. */
export function containerImages(podSpec: unknown): PlacedImage[] {
  return podImages(podSpec).map((image) => {
    const key = image.path[0] === 'volumes' ? 'pullPolicy' : 'imagePullPolicy'
    return { ...image, policyAt: [...image.path.slice(0, -1), key] }
  })
}

/** Containers of the pod itself, beside what fields of its own name. */
function isPodShape(pod: unknown): boolean {
  return isObject(pod) && Array.isArray(pod.containers)
}

function placed(pod: unknown, pattern: string, policyAt: (path: Path) => Path | string) {
  return pathsAt(pod, pattern).flatMap((path) => {
    const holder = valueAt(pod, path)
    if (!isObject(holder) || typeof holder.image !== 'string' || holder.image === '') return []
    const at = policyAt(path)
    const given = typeof at === 'string' ? undefined : valueAt(pod, at)
    const field = typeof given === 'string' && given !== '' ? given : undefined
    const image: PlacedImage = {
      container:
        typeof holder.name === 'string' ? holder.name : String(path.findLast((key) => typeof key === 'string') ?? ''),
      reference: holder.image,
      policy: effectivePullPolicy(field, holder.image),
      policyFrom: field === undefined ? 'default' : 'field',
      path: [...path, 'image'],
      policyAt: at,
    }
    return [{ ...image, isKnown: true }]
  })
}

function selectorAt(value: unknown, podPath: Path, { selector }: KnownFields): Path | string {
  if (selector === 'beside') return [...podPath, 'nodeSelector']
  if ('none' in selector) return selector.none
  const path = selector.path.split('.')
  return isObject(valueAt(value, path.slice(0, -1))) ? path : `it takes one in ${selector.instead}, which is not there`
}

/** The paths that a pattern stands for in a value. */
function pathsAt(value: unknown, pattern: string): Path[] {
  if (pattern === '') return isObject(value) ? [[]] : []
  let paths: Path[] = [[]]
  for (const word of pattern.split('.')) {
    const key = word.replace('[]', '')
    paths = paths.flatMap((path) => {
      const child = valueAt(value, [...path, key])
      if (!word.endsWith('[]')) return isObject(child) ? [[...path, key]] : []
      return Array.isArray(child) ? child.flatMap((one, index) => (isObject(one) ? [[...path, key, index]] : [])) : []
    })
  }
  return paths
}
