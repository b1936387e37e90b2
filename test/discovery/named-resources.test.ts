import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { NamedResources } from '../../src/discovery/collect/named-resources.ts'

const resource = (apiVersion: string, kind: string, spec: object, metadata: object = {}) => ({
  ...{ apiVersion, kind, metadata: { name: 'x', ...metadata } },
  spec,
})

/** What is said to be elsewhere, without what all of it ends with. */
function said(objects: object[]): string[] {
  return scanObjects(objects, 'test.yaml')
    .findings.filter(({ code }) => code === 'MANIFESTS_ELSEWHERE')
    .map(({ message }) => /: takes (.*), whose images are not known here$/.exec(message)?.[1] ?? message)
}

const PIPELINE = ['tekton.dev/v1', 'Pipeline'] as const
const RUN = ['tekton.dev/v1', 'PipelineRun'] as const
const WORKFLOW = ['argoproj.io/v1alpha1', 'Workflow'] as const
const ROLLOUT = ['argoproj.io/v1alpha1', 'Rollout'] as const
const TARGET = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

test.for<[of: readonly [string, string], spec: object, what: string, other: readonly [string, string, string]]>([
  [PIPELINE, { tasks: [{ taskRef: { name: 'clone' } }] }, 'the Task clone', ['tekton.dev/v1', 'Task', 'clone']],
  [
    PIPELINE,
    { finally: [{ taskRef: { kind: 'ClusterTask', name: 'clone' } }] },
    'the ClusterTask clone',
    ['tekton.dev/v1beta1', 'ClusterTask', 'clone'],
  ],
  [
    PIPELINE,
    { tasks: [{ taskRef: { apiVersion: 'wait.dev/v1', kind: 'Wait', name: 'w' } }] },
    'the Wait w',
    ['wait.dev/v1', 'Wait', 'w'],
  ],
  [['tekton.dev/v1', 'TaskRun'], { taskRef: { name: 'build' } }, 'the Task build', ['tekton.dev/v1', 'Task', 'build']],
  [
    ['postgresql.cnpg.io/v1', 'Cluster'],
    { imageCatalogRef: { apiGroup: 'postgresql.cnpg.io', kind: 'ClusterImageCatalog', name: 'pg', major: 16 } },
    'the ClusterImageCatalog pg',
    ['postgresql.cnpg.io/v1', 'ClusterImageCatalog', 'pg'],
  ],
  [RUN, { pipelineRef: { name: 'ci' } }, 'the Pipeline ci', ['tekton.dev/v1', 'Pipeline', 'ci']],
  [
    RUN,
    { pipelineSpec: { tasks: [{ taskSpec: { steps: [{ ref: { name: 'lint' } }] } }] } },
    'the StepAction lint',
    ['tekton.dev/v1beta1', 'StepAction', 'lint'],
  ],
  [
    ['triggers.tekton.dev/v1beta1', 'TriggerTemplate'],
    { resourcetemplates: [resource(...RUN, { pipelineRef: { name: 'ci' } })] },
    'the Pipeline ci',
    ['tekton.dev/v1', 'Pipeline', 'ci'],
  ],
  [
    ['triggers.tekton.dev/v1beta1', 'EventListener'],
    { triggers: [{ interceptors: [{ ref: { name: 'cel' } }], bindings: [{ ref: 'b' }], template: { ref: 't' } }] },
    'the TriggerTemplate t',
    ['triggers.tekton.dev/v1beta1', 'TriggerTemplate', 't'],
  ],
  [
    WORKFLOW,
    { workflowTemplateRef: { name: 'etl' } },
    'the WorkflowTemplate etl',
    ['argoproj.io/v1alpha1', 'WorkflowTemplate', 'etl'],
  ],
  [
    WORKFLOW,
    { workflowTemplateRef: { name: 'etl', clusterScope: true } },
    'the ClusterWorkflowTemplate etl',
    ['argoproj.io/v1alpha1', 'ClusterWorkflowTemplate', 'etl'],
  ],
  [
    WORKFLOW,
    { templates: [{ dag: { tasks: [{ name: 'a', templateRef: { name: 'lib', template: 'go' } }] } }] },
    'the WorkflowTemplate lib',
    ['argoproj.io/v1alpha1', 'WorkflowTemplate', 'lib'],
  ],
  [
    WORKFLOW,
    { templates: [{ steps: [[{ name: 'a', templateRef: { name: 'lib', template: 'go' } }]] }] },
    'the WorkflowTemplate lib',
    ['argoproj.io/v1alpha1', 'WorkflowTemplate', 'lib'],
  ],
  [
    ['argoproj.io/v1alpha1', 'CronWorkflow'],
    { workflowSpec: { workflowTemplateRef: { name: 'etl' } } },
    'the WorkflowTemplate etl',
    ['argoproj.io/v1alpha1', 'WorkflowTemplate', 'etl'],
  ],
  [ROLLOUT, { workloadRef: TARGET }, 'the Deployment web', ['apps/v1', 'Deployment', 'web']],
  [
    ROLLOUT,
    { strategy: { canary: { steps: [{ analysis: { templates: [{ templateName: 'rate' }] } }] } } },
    'the AnalysisTemplate rate',
    ['argoproj.io/v1alpha1', 'AnalysisTemplate', 'rate'],
  ],
  [['flagger.app/v1beta1', 'Canary'], { targetRef: TARGET }, 'the Deployment web', ['apps/v1', 'Deployment', 'web']],
  [
    ['shipwright.io/v1beta1', 'Build'],
    { strategy: { kind: 'ClusterBuildStrategy', name: 'kaniko' } },
    'the ClusterBuildStrategy kaniko',
    ['shipwright.io/v1beta1', 'ClusterBuildStrategy', 'kaniko'],
  ],
  [
    ['apiextensions.crossplane.io/v1', 'Composition'],
    { pipeline: [{ functionRef: { name: 'patch' } }] },
    'the Function patch',
    ['pkg.crossplane.io/v1', 'Function', 'patch'],
  ],
  [
    ['cluster.x-k8s.io/v1beta1', 'Cluster'],
    { topology: { class: 'quick' } },
    'the ClusterClass quick',
    ['cluster.x-k8s.io/v1beta1', 'ClusterClass', 'quick'],
  ],
  [
    ['addons.cluster.x-k8s.io/v1beta1', 'ClusterResourceSet'],
    { resources: [{ kind: 'ConfigMap', name: 'cni' }] },
    'the ConfigMap cni',
    ['v1', 'ConfigMap', 'cni'],
  ],
  [
    ['trainer.kubeflow.org/v1alpha1', 'TrainJob'],
    { runtimeRef: { name: 'torch' } },
    'the ClusterTrainingRuntime torch',
    ['trainer.kubeflow.org/v1alpha1', 'ClusterTrainingRuntime', 'torch'],
  ],
  [
    ['serving.kserve.io/v1beta1', 'InferenceService'],
    { predictor: { model: { runtime: 'triton' } } },
    'the ServingRuntime triton',
    ['serving.kserve.io/v1alpha1', 'ClusterServingRuntime', 'triton'],
  ],
  [
    ['operators.coreos.com/v1alpha1', 'Subscription'],
    { name: 'etcd', source: 'c' },
    'the operator etcd from the catalog c',
    ['operators.coreos.com/v1alpha1', 'ClusterServiceVersion', 'etcd.v0.9.4'],
  ],
  [
    ['operators.coreos.com/v1alpha1', 'Subscription'],
    { name: 'etcd', source: 'c', startingCSV: 'etcdoperator.v0.9.4' },
    'the operator etcd from the catalog c',
    ['operators.coreos.com/v1alpha1', 'ClusterServiceVersion', 'etcdoperator.v0.9.4'],
  ],
  [
    ['packaging.carvel.dev/v1alpha1', 'PackageInstall'],
    { packageRef: { refName: 'cert.tanzu.dev' } },
    'the package cert.tanzu.dev',
    ['data.packaging.carvel.dev/v1alpha1', 'Package', 'cert.tanzu.dev.1.2.3'],
  ],
  // A kind of which no table knows.
  [
    ['ci.example.dev/v1', 'Run'],
    { jobTemplateRef: { name: 'go' } },
    'the resource go',
    ['ci.example.dev/v1', 'Job', 'go'],
  ],
  [
    ['ci.example.dev/v1', 'Run'],
    { steps: { first: { templateRef: { kind: 'Step', name: 'go' } } } },
    'the Step go',
    ['ci.example.dev/v1', 'Step', 'go'],
  ],
])('%j with %j takes %s, unless it is among the inputs', ([of, spec, what, [apiVersion, kind, name]]) => {
  const holder = resource(...of, spec)
  expect(said([holder])).toEqual([what])
  const other = resource(apiVersion, kind, {}, { name })
  expect(said([holder, other])).toEqual([])
  expect(said([other, holder])).toEqual([])
  expect(said([holder, resource(apiVersion, kind, {}, { name: `${name}x` })])).toEqual(
    what.startsWith('the package') || (what.startsWith('the operator') && !('startingCSV' in spec)) ? [] : [what],
  )
  expect(said([holder, resource(apiVersion, `Other${kind}`, {}, { name })])).toEqual(
    what.startsWith('the resource') ? [] : [what],
  )
})

const RUN_IN = (namespace: string) => resource(...RUN, { pipelineRef: { name: 'ci' } }, { namespace })
const CI = (metadata: object) => resource('tekton.dev/v1', 'Pipeline', {}, { name: 'ci', ...metadata })

test.for<[what: string, objects: object[], left: number]>([
  ['one of its namespace', [RUN_IN('a'), CI({ namespace: 'a' })], 0],
  ['one of another namespace', [RUN_IN('a'), CI({ namespace: 'b' })], 1],
  ['one without a namespace', [RUN_IN('a'), CI({})], 0],
  ['a name that is filled in later', [resource(...RUN, { pipelineRef: { name: '$(params.which)' } }), CI({})], 1],
])('a name is looked up in its namespace: %s', ([, objects, left]) => {
  expect(said(objects)).toHaveLength(left)
})

test.for<[what: string, object: object]>([
  ['a resolver, which is said by itself', resource(...RUN, { pipelineRef: { resolver: 'git', name: 'ci' } })],
  [
    'a custom task without a name',
    resource(...PIPELINE, { tasks: [{ taskRef: { apiVersion: 'cel.dev/v1', kind: 'CEL' } }] }),
  ],
  ['a pattern of a policy', resource('kyverno.io/v1', 'ClusterPolicy', { rules: [{ taskRef: { name: 'x' } }] })],
  ['a wildcard', resource('x.example.dev/v1', 'Rule', { taskRef: { name: 'build-*' } })],
  ['a status', { ...resource('x.example.dev/v1', 'Run', {}), status: { templateRef: { name: 'x' } } }],
  ['a built-in kind', resource('batch/v1', 'Job', { templateRef: { name: 'x' } })],
])('nothing is said of %s', ([, object]) => {
  expect(said([object]).filter((what) => !what.startsWith('steps through'))).toEqual([])
})

test('the names that are kept keep no file in memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const named = new NamedResources()
  collect()
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < 40; index++) {
    const file = Buffer.from(
      `a-resource-of-a-long-name-${index} in-a-long-namespace ${'x'.repeat(1_000_000)}`,
    ).toString()
    const [name = '', namespace] = file.split(' ', 2)
    named.note({ kind: 'Task', name, namespace })
  }
  collect()
  expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(20)
  const wanted = { kinds: ['Task'], isPrefix: false, namespace: 'in-a-long-namespace' }
  expect(named.has({ ...wanted, name: 'a-resource-of-a-long-name-7' })).toBe(true)
  expect(named.has({ ...wanted, name: 'a-resource-of-a-long-name-77' })).toBe(false)
})
