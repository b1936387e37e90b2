import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../errors.ts'
import { renderYaml } from '../kubernetes/render.ts'
import { applyCommand } from './apply-command.ts'
import { type Guard, paramsOf } from './guard-images.ts'
import { guardPolicy } from './guard-policy.ts'
import { guardSelectors } from './guard-selectors.ts'
import { MAX_CONFIG_MAP_BYTES, type OutputFile } from './output-file.ts'
import { spellingsOf } from './spelling.ts'

/**
 * The directory `guard/`: a policy that refuses pods, or warns of them, whose images no node was seeded with; and beside
 * it one that gives pods the node selector of the set that holds all their images.
 *
 * @throws {ExpectedError} USAGE without a namespace; UNSUPPORTED for more images than a ConfigMap can list
 */
export function guardResources(guard: Guard): OutputFile[] {
  if (guard.namespaces.length === 0) {
    throw new ExpectedError('USAGE', 'No workload is given, so that the guard would have no namespace to look at', {
      hint: 'Give --guard the manifests of the workloads too: it looks at the pods of their namespaces.',
    })
  }
  const file = (name: string, comment: string, values: readonly object[]): OutputFile => ({
    path: `guard/${name}`,
    content: renderYaml(comment, values),
  })
  const applied = [
    file('images.yaml', 'Every spelling of every image that the nodes hold, set by set.', [listOf(guard)]),
    file('policy.yaml', 'Looks at the images of each new pod (Kubernetes 1.30 and later).', guardPolicy(guard)),
  ]
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['images.yaml', 'policy.yaml'],
  }
  const since =
    guard.mutatingApi === 'v1'
      ? 'Kubernetes 1.36 and later'
      : 'Kubernetes 1.34 and later with the feature gate MutatingAdmissionPolicy and that version of the API switched on'
  return [
    file('kustomization.yaml', `The guard: ${applyCommand(applied)} on this directory.`, [kustomization]),
    ...applied,
    file(
      'node-selectors.yaml',
      `Gives each new pod the node selector of its images (${since}).\nNot part of the kustomization: apply it where manifests cannot be patched.`,
      guardSelectors(guard),
    ),
  ]
}

/** A key a set: the digest. */
function listOf(guard: Guard): ConfigMap {
  const lists = guard.sets.map(({ digest, names }) => [
    digest,
    [...new Set(names.flatMap(spellingsOf))].sort().join('\n'),
  ])
  const list: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: paramsOf(guard),
    data: Object.fromEntries(lists) as Record<string, string>,
  }
  if (lists.flat().join('').length <= MAX_CONFIG_MAP_BYTES) return list
  throw new ExpectedError('UNSUPPORTED', 'the list of images for the guard is too large for a ConfigMap', {
    hint: 'Leave --guard out, or make a bundle a part of the workloads.',
  })
}
