import { ExpectedError } from '../../errors.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { applyCommand } from '../files/apply-command.ts'
import { type GeneratedFile, MAX_OBJECT_BYTES } from '../files/generated-file.ts'
import type { Guard } from './guard-images.ts'
import { guardPolicy } from './guard-policy.ts'
import { guardSelectors } from './guard-selectors.ts'

/**
 * The directory `guard/`: a policy that refuses pods, or warns of them, whose images no node was seeded with; and beside
 * it one that gives pods the node selector of the set that holds all their images.
 *
 * @throws {ExpectedError} USAGE without a namespace; UNSUPPORTED for more images than a policy can list
 */
export function guardResources(guard: Guard): GeneratedFile[] {
  if (guard.namespaces.length === 0) {
    throw new ExpectedError('USAGE', 'no workload is given, so that the guard would have no namespace to look at', {
      hint: 'Give --guard the manifests of the workloads too: it looks at the pods of their namespaces.',
    })
  }
  const policy = policyFile(
    'policy.yaml',
    'Looks at the images of each new pod (Kubernetes 1.30 and later).',
    guardPolicy(guard),
  )
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['policy.yaml'],
  }
  const since =
    guard.mutatingApi === 'v1'
      ? 'Kubernetes 1.36 and later'
      : 'Kubernetes 1.34 and later with the feature gate MutatingAdmissionPolicy and that version of the API switched on'
  return [
    {
      path: 'guard/kustomization.yaml',
      content: renderYaml(
        `The guard: ${applyCommand([policy])} on this directory.\n` +
          `It looks at the pods in ${guard.namespaces.join(', ')}; at those that an operator makes in another namespace it does not.`,
        [kustomization],
      ),
    },
    policy,
    policyFile(
      'node-selectors.yaml',
      `Gives each new pod the node selector of its images (${since}).\nNot part of the kustomization: apply it where manifests cannot be patched.`,
      guardSelectors(guard),
    ),
  ]
}

function policyFile(name: string, comment: string, values: readonly object[]): GeneratedFile {
  const content = renderYaml(comment, values)
  if (content.length <= MAX_OBJECT_BYTES) return { path: `guard/${name}`, content }
  throw new ExpectedError('UNSUPPORTED', 'the list of images for the guard is too large for an admission policy', {
    hint: 'Leave --guard out, or make a bundle for a part of the workloads.',
  })
}
