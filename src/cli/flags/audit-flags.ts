import { Flags } from '@oclif/core'
import { keyFlag, TABLE_ONLY } from './bundle-file-flags.ts'
import { durationFlag } from './duration-flag.ts'
import { kubectlFlags } from './kubectl-flags.ts'
import { repeatable } from './repeatable.ts'
import { readingFlags } from './scan-flags.ts'

/** Where an audit gets its facts from. */
export const sourceFlags = {
  nodes: Flags.string({
    description: 'what `kubectl get nodes -o json` wrote',
    helpValue: 'FILE',
    exclusive: ['cluster'],
  }),
  pods: Flags.string({
    description: 'what `kubectl get pods -A -o json` wrote: what live pods take of the nodes, and what fails now',
    helpValue: 'FILE',
    exclusive: ['cluster'],
  }),
  cluster: Flags.boolean({ description: 'read nodes, pods, workloads and kubelet settings from the live cluster' }),
  context: { ...kubectlFlags.context, dependsOn: ['cluster'] },
  kubectl: kubectlFlags.kubectl,
  timeout: durationFlag({ description: 'how long to wait for each answer of the cluster', default: 60_000, min: 1000 }),
  bundle: Flags.string({ description: 'bundle, or its lock, whose images labelled nodes hold', helpValue: 'FILE' }),
  key: { ...keyFlag(TABLE_ONLY).key, dependsOn: ['bundle'] },
  'newer-than': Flags.string({
    description: 'bundle or lock that is held: refuse an older edition of its set',
    helpValue: 'FILE',
    dependsOn: ['bundle'],
  }),
  'policy-json': Flags.string({
    description:
      '/etc/containers/policy.json of nodes with CRI-O: say which images of the bundle it refuses, and end with 4',
    helpValue: 'FILE',
    dependsOn: ['bundle'],
  }),
  'assume-seeded': Flags.boolean({
    description: 'as if every node held the bundle; with --placement, as if each held and was labelled with its part',
    dependsOn: ['bundle'],
  }),
  images: repeatable({
    description: 'what crictl images -o json, ctr images ls or docker images --digests printed on a node (repeatable)',
    helpValue: 'NODE=FILE|DIR',
  }),
  ...readingFlags,
}

/** What is true of the cluster and cannot be read from it. */
export const conditionFlags = {
  placement: Flags.string({
    description: 'directory that seed wrote: says what each seed label stands for',
    helpValue: 'DIR',
  }),
  'sandbox-image': Flags.string({ description: 'sandbox (pause) image of the nodes', helpValue: 'REF' }),
  'kubelet-config': Flags.string({ description: "the nodes' KubeletConfiguration", helpValue: 'FILE' }),
  mirror: Flags.boolean({ description: 'a registry on this side of the gap serves the images of --bundle' }),
  'always-pull-images': Flags.boolean({ description: 'the AlwaysPullImages admission plugin is on' }),
}
