import type { LockedImage } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { findReference, repositoryName } from '../../oci/reference.ts'
import { policiesFor } from '../check/check-image.ts'
import type { ImagePolicies, ImagePolicy } from '../policy/image-policy.ts'
import { type Requirement, requirementOf } from './requirement.ts'

export interface NodePolicy {
  readonly files: readonly { readonly path: string; readonly content: string }[]
  /** Images that a node with these files refuses, and why. */
  readonly findings: readonly Finding[]
}

/** Where those files belong on a node. */
export const NODE_POLICY_PLACES = [
  ['signatures/policy.json', '/etc/containers/policy.json'],
  ['signatures/registries.d/nodeseed.yaml', '/etc/containers/registries.d/nodeseed.yaml'],
] as const

/**
 * What makes CRI-O, podman and skopeo ask for the signatures that policies ask for, for the repositories of these images;
 * a repository of which that cannot be said is refused. Other images of the node are not judged.
 * Source: containers/image, containers-policy.json(5), containers-registries.d(5).
 *
 * @param registry the host that nodes pull from instead of those of the images
 */
export function nodePolicy(
  images: readonly LockedImage[],
  policies: ImagePolicies,
  { registry }: { readonly registry?: string | undefined } = {},
): NodePolicy {
  const findings: Finding[] = []
  const scopes: Record<string, readonly Requirement[]> = {}
  const byRepository = Map.groupBy(images, repositoryOf)
  for (const repository of [...byRepository.keys()].sort()) {
    const held = byRepository.get(repository) ?? []
    const asked = [...new Set(held.flatMap((image) => policiesFor(image, policies)))].filter(
      ({ mode }) => mode === 'enforce',
    )
    if (asked.length === 0 && isRefused(held, policies)) {
      scopes[repository] = [{ type: 'reject' }]
      findings.push(...held.map((image) => refused(image, 'no policy covers it')))
      continue
    }
    scopes[repository] = asked.length === 0 ? [ANYTHING] : asked.map((policy) => requirementFor(held, policy, findings))
  }
  const policy = { default: [ANYTHING], transports: { docker: scopes } }
  const attached = [...Object.keys(scopes), ...(registry === undefined ? [] : [registry])]
  const [[file], [attachments]] = NODE_POLICY_PLACES
  return {
    files: [
      { path: file, content: `${JSON.stringify(policy, null, 2)}\n` },
      { path: attachments, content: registriesYaml(attached) },
    ],
    findings,
  }
}

const ANYTHING: Requirement = { type: 'insecureAcceptAnything' }

function requirementFor(held: readonly LockedImage[], policy: ImagePolicy, findings: Finding[]): Requirement {
  const { requirement, problems } = requirementOf(held, policy)
  for (const { image, problem } of problems) findings.push(refused(image, problem))
  return requirement
}

/** Whether the policies refuse what none of them covers. */
function isRefused(held: readonly LockedImage[], policies: ImagePolicies): boolean {
  return policies.noMatch === 'deny' && held.every((image) => policiesFor(image, policies).length === 0)
}

function refused({ reference }: LockedImage, why: string): Finding {
  return finding('NODE_POLICY_REFUSES', `${reference}: a node with this policy.json refuses it: ${why}`, {
    subject: reference,
  })
}

function repositoryOf({ reference }: LockedImage): string {
  const parsed = findReference(reference)
  return parsed ? repositoryName(parsed) : reference
}

/** A scope may stand in one file of the directory alone, so that the default of all, which others set, is left alone. */
function registriesYaml(scopes: readonly string[]): string {
  const lines = [...new Set(scopes)].map((scope) => `  ${JSON.stringify(scope)}:\n    use-sigstore-attachments: true\n`)
  return `# Signatures lie beside the images, where cosign puts them.\ndocker:\n${lines.join('')}`
}
