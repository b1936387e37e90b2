import { type Path, valueAt } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf } from '../classify/exclusions.ts'
import { matchPath, parsePath } from '../rules/path-pattern.ts'
import type { MadeElsewhere } from './made-elsewhere.ts'

/** How a resource is named by another: the kinds that it may be; none where the reference says its kind. */
interface Target {
  readonly kinds?: string
  /** The reference has the beginning of the name, behind which comes a version. */
  readonly isPrefix?: true
  /** The exact name, where it stands elsewhere in the resource. */
  readonly exactly?: string
  /** What is taken, for people. */
  readonly says?: (name: string, value: Resource['value']) => string
}

const ANALYSES: Target = { kinds: 'AnalysisTemplate ClusterAnalysisTemplate' }

/** Where resources name others that say what they run: `group Kind | path | kinds of the other`. */
const PLACES: readonly (readonly [holder: string, path: string, target?: Target])[] = [
  [
    'serving.kserve.io InferenceService',
    'spec.predictor.model.runtime',
    { kinds: 'ServingRuntime ClusterServingRuntime' },
  ],
  ['postgresql.cnpg.io Cluster', 'spec.imageCatalogRef', { kinds: 'ImageCatalog ClusterImageCatalog' }],
  ['shipwright.io Build', 'spec.strategy', { kinds: 'BuildStrategy ClusterBuildStrategy' }],
  ['shipwright.io BuildRun', 'spec.build.name', { kinds: 'Build' }],
  ['shipwright.io BuildRun', 'spec.buildRef', { kinds: 'Build' }],
  ['apiextensions.crossplane.io Composition', 'spec.pipeline[*].functionRef', { kinds: 'Function' }],
  ['cluster.x-k8s.io Cluster', 'spec.topology.class', { kinds: 'ClusterClass' }],
  ['cluster.x-k8s.io Cluster', 'spec.topology.classRef', { kinds: 'ClusterClass' }],
  ['addons.cluster.x-k8s.io ClusterResourceSet', 'spec.resources[*]'],
  ['config.projectsveltos.io ClusterProfile', 'spec.policyRefs[*]'],
  ['config.projectsveltos.io Profile', 'spec.policyRefs[*]'],
  ['flow.volcano.sh JobFlow', 'spec.flows[*].name', { kinds: 'JobTemplate' }],
  ['trainer.kubeflow.org TrainJob', 'spec.runtimeRef', { kinds: 'ClusterTrainingRuntime TrainingRuntime' }],
  ['litmuschaos.io ChaosEngine', 'spec.experiments[*].name', { kinds: 'ChaosExperiment' }],
  ['cr.kanister.io ActionSet', 'spec.actions[*].blueprint', { kinds: 'Blueprint' }],
  ['testworkflows.testkube.io TestWorkflow', 'spec.use[*].name', { kinds: 'TestWorkflowTemplate' }],
  ['camel.apache.org Integration', 'spec.integrationKit', { kinds: 'IntegrationKit' }],
  ['flagger.app Canary', 'spec.targetRef'],
  ['execution.furiko.io Job', 'spec.configName', { kinds: 'JobConfig' }],
  ['stash.appscode.com BackupConfiguration', 'spec.task.name', { kinds: 'Task' }],
  ['stash.appscode.com RestoreSession', 'spec.task.name', { kinds: 'Task' }],
  ...[
    ...[
      'canary.analysis',
      'canary.steps[*].analysis',
      'blueGreen.prePromotionAnalysis',
      'blueGreen.postPromotionAnalysis',
    ],
  ].map((at) => ['argoproj.io Rollout', `spec.strategy.${at}.templates[*].templateName`, ANALYSES] as const),
  ['argoproj.io Rollout', 'spec.strategy.canary.steps[*].experiment.analyses[*].templateName', ANALYSES],
  ['argoproj.io Experiment', 'spec.analyses[*].templateName', ANALYSES],
  ['triggers.tekton.dev EventListener', 'spec.triggers[*].template.ref', { kinds: 'TriggerTemplate' }],
  ['triggers.tekton.dev EventListener', 'spec.triggers[*].triggerRef', { kinds: 'Trigger' }],
  ['triggers.tekton.dev Trigger', 'spec.template.ref', { kinds: 'TriggerTemplate' }],
  [
    'packaging.carvel.dev PackageInstall',
    'spec.packageRef.refName',
    { kinds: 'Package', isPrefix: true, says: (name) => `the package ${name}` },
  ],
  [
    'operators.coreos.com Subscription',
    'spec.name',
    {
      kinds: 'ClusterServiceVersion',
      isPrefix: true,
      exactly: 'spec.startingCSV',
      says: (name, value) => `the operator ${name} from the catalog ${valueAt(value, ['spec', 'source'])}`,
    },
  ],
]

/** A template of Argo Workflows says by another key whether it is one of the cluster. */
const WORKFLOWS: Target = { kinds: 'WorkflowTemplate ClusterWorkflowTemplate' }
/** Keys that lead to what a resource runs, in whichever custom resource, and what they are of by their makers. */
const KEYS: ReadonlyMap<string, Target> = new Map<string, Target>([
  ['taskRef', { kinds: 'Task ClusterTask' }],
  ['pipelineRef', { kinds: 'Pipeline' }],
  ['workflowTemplateRef', WORKFLOWS],
  ['clusterWorkflowTemplateRef', WORKFLOWS],
  ...'templateRef jobTemplateRef podTemplateRef workloadRef workloadTemplateRef runtimeRef blueprintRef stepTemplateRef deploymentRef buildStrategyRef'
    .split(' ')
    .map((key) => [key, {}] as const),
])

/** A name, also one that is filled in later; patterns of policies are none. */
const NAME = /^(?:[a-z0-9A-Z._-]|\$\([^()]*\)|\$?\{+[^{}]*\}+)+$/
const MAX_DEPTH = 40

/** What a custom resource runs that another resource says, which may be among the inputs or not. */
export function namedResourcesOf({
  apiVersion,
  kind,
  value,
}: Pick<Resource, 'apiVersion' | 'kind' | 'value'>): MadeElsewhere[] {
  const group = groupOf(apiVersion)
  if (
    !group.includes('.') ||
    /(?<!x-)k8s\.io$/.test(group) ||
    /(?:^|\.)(?:kyverno\.io|gatekeeper\.sh|openshift\.io)$/.test(group)
  )
    return []
  const placed = PLACES.flatMap(([holder, pattern, target = {}]) =>
    holder === `${group} ${kind}`
      ? matchPath(value, parsePath(pattern)).flatMap((path) => referenceAt(value, path, target))
      : [],
  )
  const keyed = [...keyedIn(value, group, [], new Set())].flatMap(({ path, target }) =>
    referenceAt(value, path, target),
  )
  const taken = new Set(placed.map(({ path }) => path.join('\0')))
  return [...placed, ...keyed.filter(({ path }) => !taken.has(path.join('\0')))]
}

/** The references below a value, by the keys that they stand under; each map is looked into once. */
function* keyedIn(
  value: unknown,
  group: string,
  path: Path,
  seen: Set<unknown>,
): Generator<{ path: Path; target: Target }> {
  if (typeof value !== 'object' || value === null || seen.has(value) || path.length > MAX_DEPTH) return
  seen.add(value)
  for (const [key, child] of Object.entries(value)) {
    if (typeof child !== 'object' || child === null) continue
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    // The parts of a status repeat what was run.
    if (path.length === 0 && key === 'status') continue
    const isArgo = key === 'templateRef' && group === 'argoproj.io'
    const target = isStep(at) ? { kinds: 'StepAction' } : isArgo ? WORKFLOWS : KEYS.get(key)
    if (target) yield { path: at, target }
    yield* keyedIn(child, group, at, seen)
  }
}

/** `steps: [{ref: {name: x}}]` */
function isStep(path: Path): boolean {
  return path.at(-1) === 'ref' && typeof path.at(-2) === 'number' && path.at(-3) === 'steps'
}

function referenceAt(
  value: Resource['value'],
  path: Path,
  { kinds, isPrefix, exactly, says }: Target,
): MadeElsewhere[] {
  const reference = valueAt(value, path)
  const { name, kind, namespace } = isObject(reference) ? reference : { name: reference }
  if (typeof name !== 'string' || !NAME.test(name) || isResolved(reference)) return []
  const isOfCluster = isObject(reference) && reference.clusterScope === true
  const scoped = isOfCluster ? kinds?.split(' ').find((one) => one.startsWith('Cluster')) : undefined
  const said = typeof kind === 'string' && kind !== '' ? kind : scoped
  const exact = exactly === undefined ? undefined : valueAt(value, parsePath(exactly))
  const own = valueAt(value, ['metadata', 'namespace'])
  const what = says?.(name, value) ?? `the ${said ?? kinds?.split(' ')[0] ?? 'resource'} ${name}`
  return [
    {
      code: 'MANIFESTS_ELSEWHERE',
      what,
      path,
      unless: {
        form: 'named',
        kinds: said ? [said] : (kinds?.split(' ') ?? []),
        name: typeof exact === 'string' && exact !== '' ? exact : name,
        isPrefix: isPrefix === true && typeof exact !== 'string',
        namespace: [namespace, own].find((one): one is string => typeof one === 'string' && one !== ''),
      },
    },
  ]
}

/** What a resolver or a bundle brings is said by these. */
function isResolved(reference: unknown): boolean {
  return isObject(reference) && ('resolver' in reference || 'bundle' in reference)
}
