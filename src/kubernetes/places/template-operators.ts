import { formatPath, type Path } from '../documents/path.ts'
import type { Resource } from '../objects/resource.ts'
import { templatePathOf } from '../objects/workload.ts'

/** Kinds of an API group whose templates are the pods that will be; `except` are the places of templates that are not. */
interface Faithful {
  readonly kinds: RegExp
  readonly except?: RegExp
}

const ALL = /^/

/**
 * Operators that make pods as a template says, and put no container beside those of it. Sources: Argo Rollouts, OpenKruise,
 * JobSet, LeaderWorkerSet, KubeRay, KEDA, Volcano, OLM and Knative Eventing; the training operator, which gives the workers
 * of a PyTorchJob an init container of its own; OpenShift's DeploymentConfig.
 */
const FAITHFUL: Readonly<Record<string, Faithful>> = {
  'argoproj.io': { kinds: /^(?:Rollout|Experiment|(?:Cluster)?AnalysisTemplate|AnalysisRun)$/ },
  'apps.kruise.io': { kinds: ALL },
  'jobset.x-k8s.io': { kinds: ALL },
  'leaderworkerset.x-k8s.io': { kinds: ALL },
  'kubeflow.org': {
    kinds: /^(?:TFJob|PyTorchJob|XGBoostJob|MPIJob|PaddleJob|JAXJob|Notebook)$/,
    except: /\.pytorchReplicaSpecs\.Worker\./,
  },
  'trainer.kubeflow.org': { kinds: /TrainingRuntime$/ },
  'ray.io': { kinds: ALL },
  'keda.sh': { kinds: /^ScaledJob$/ },
  'batch.volcano.sh': { kinds: /^Job$/ },
  'operators.coreos.com': { kinds: /^ClusterServiceVersion$/ },
  'sources.knative.dev': { kinds: ALL },
  'apps.openshift.io': { kinds: /^DeploymentConfig$/ },
}

/**
 * Who makes the pods of a template in a custom resource and may put more into them than it says; undefined where they are
 * known to be as it says: `the operator of Fleet (agones.dev)`.
 */
export function addingOperator(
  { apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>,
  templatePath: Path,
): string | undefined {
  if (templatePathOf({ apiVersion, kind })) return undefined
  const group = apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0))
  const known = Object.hasOwn(FAITHFUL, group) ? FAITHFUL[group] : undefined
  const isFaithful = known?.kinds.test(kind) === true && known.except?.test(formatPath(templatePath)) !== true
  return isFaithful ? undefined : `the operator of ${kind} (${group})`
}
