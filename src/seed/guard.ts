import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Variable,
} from 'kubernetes-types/admissionregistration/v1.js'
import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import { renderYaml } from '../kubernetes/render.ts'
import type { OutputFile } from './output-file.ts'
import type { SeedLabel } from './seed-label.ts'
import { spellingsOf } from './spelling.ts'

export const GUARD_ACTIONS = ['warn', 'deny'] as const
export type GuardAction = (typeof GUARD_ACTIONS)[number]

/** What admission is to know. */
export interface Guard {
  readonly action: GuardAction
  /** Where the lists of images are kept. */
  readonly namespace: string
  /** Name of the seed sets. */
  readonly set: string
  /** The namespaces whose pods are looked at; others are left alone, the cluster's own among them. */
  readonly namespaces: readonly string[]
  readonly sets: readonly { readonly digest: string; readonly label: SeedLabel; readonly names: readonly string[] }[]
}

/** MutatingAdmissionPolicy is beta since Kubernetes 1.34; the types of 1.30 do not have it. */
interface MutatingAdmissionPolicy {
  readonly apiVersion: 'admissionregistration.k8s.io/v1beta1'
  readonly kind: 'MutatingAdmissionPolicy'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly failurePolicy: 'Ignore'
    readonly reinvocationPolicy: 'IfNeeded'
    readonly paramKind: { readonly apiVersion: 'v1'; readonly kind: 'ConfigMap' }
    readonly matchConstraints: MatchResources
    readonly variables: readonly Variable[]
    readonly mutations: readonly {
      readonly patchType: 'ApplyConfiguration'
      readonly applyConfiguration: { readonly expression: string }
    }[]
  }
}

interface MutatingAdmissionPolicyBinding {
  readonly apiVersion: 'admissionregistration.k8s.io/v1beta1'
  readonly kind: 'MutatingAdmissionPolicyBinding'
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly policyName: string
    readonly paramRef: { readonly name: string; readonly namespace: string; readonly parameterNotFoundAction: 'Deny' }
    readonly matchResources: MatchResources
  }
}

/** Without a type of its own: the published one leaves out the fields of the API's inlined rule. */
const NEW_PODS = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE'],
  resources: ['pods'],
}
const PODS: MatchResources = { resourceRules: [NEW_PODS] }

/**
 * The images of a pod in the form of the list: with a digest, the tag does not count (the runtime ignores it too).
 * `find` is Kubernetes' regular expression function, `split` that of CEL's string extension.
 */
const VARIABLES: Variable[] = [
  { name: 'known', expression: "params.data['images'].split('\\n')" },
  {
    name: 'containers',
    expression: 'object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])',
  },
  {
    name: 'unknown',
    expression:
      "variables.containers.map(c, c.image.contains('@') ? c.image.find('^[^@]*/[^/:@]*|^[^/:@]*') + '@' + c.image.split('@')[1] : c.image)" +
      '.filter(i, !(i in variables.known))',
  },
]

/**
 * The directory `guard/`: a policy that refuses pods, or warns of them, whose images no node was seeded with; and beside
 * it one that gives pods the node selector of the set that holds all their images.
 */
export function guardResources(guard: Guard): OutputFile[] {
  const all = guard.sets.flatMap(({ names }) => names)
  const files: [path: string, comment: string, values: object[]][] = [
    [
      'images.yaml',
      'Every spelling of every image that the nodes hold.',
      [
        listOf(guard, `${guard.set}-images`, all),
        ...guard.sets.map(({ digest, names }) => listOf(guard, `${guard.set}-images-${digest}`, names)),
      ],
    ],
    [
      'policy.yaml',
      'Looks at the images of each new pod (Kubernetes 1.30 and later).',
      [validatingPolicy(guard), binding(guard)],
    ],
  ]
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(([path]) => path),
  }
  const mutating = guard.sets.flatMap((set) => [mutatingPolicy(guard, set), mutatingBinding(guard, set)])
  return [
    ...[
      ['kustomization.yaml', 'The guard: kubectl apply -k on this directory.', [kustomization]] as const,
      ...files,
      [
        'node-selectors.yaml',
        'Gives each new pod the node selector of its images (Kubernetes 1.34 and later). Not part of the kustomization:\napply it where manifests cannot be patched.',
        mutating,
      ] as const,
    ].map(([path, comment, values]) => ({ path: `guard/${path}`, content: renderYaml(comment, values) })),
  ]
}

function listOf({ namespace }: Guard, name: string, names: readonly string[]): ConfigMap {
  const spellings = [...new Set(names.flatMap(spellingsOf))].sort()
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { images: spellings.join('\n') } }
}

function validatingPolicy({ set }: Guard): ValidatingAdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: `${set}-images.nodeseed.dev` },
    spec: {
      failurePolicy: 'Fail',
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints: PODS,
      variables: VARIABLES,
      validations: [
        {
          expression: 'variables.unknown.size() == 0',
          messageExpression: "'no node was seeded with: ' + variables.unknown.join(', ')",
          reason: 'Forbidden',
        },
      ],
    },
  }
}

function binding({ set, namespace, action, namespaces }: Guard): ValidatingAdmissionPolicyBinding {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: `${set}-images.nodeseed.dev` },
    spec: {
      policyName: `${set}-images.nodeseed.dev`,
      paramRef: { name: `${set}-images`, namespace, parameterNotFoundAction: 'Deny' },
      validationActions: action === 'deny' ? ['Deny'] : ['Warn', 'Audit'],
      matchResources: inNamespaces(namespaces),
    },
  }
}

function mutatingPolicy({ set }: Guard, { digest, label }: Guard['sets'][number]): MutatingAdmissionPolicy {
  const selector = `Object{spec: Object.spec{nodeSelector: {"${label.key}": "${label.value}"}}}`
  return {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: `${set}-${digest}.nodeseed.dev` },
    spec: {
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'IfNeeded',
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints: PODS,
      variables: VARIABLES,
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: `variables.unknown.size() == 0 ? ${selector} : Object{}` },
        },
      ],
    },
  }
}

function mutatingBinding(
  { set, namespace, namespaces }: Guard,
  { digest }: Guard['sets'][number],
): MutatingAdmissionPolicyBinding {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: `${set}-${digest}.nodeseed.dev` },
    spec: {
      policyName: `${set}-${digest}.nodeseed.dev`,
      paramRef: { name: `${set}-images-${digest}`, namespace, parameterNotFoundAction: 'Deny' },
      matchResources: inNamespaces(namespaces),
    },
  }
}

function inNamespaces(namespaces: readonly string[]): MatchResources {
  const key = 'kubernetes.io/metadata.name'
  return { namespaceSelector: { matchExpressions: [{ key, operator: 'In', values: [...namespaces] }] } }
}
