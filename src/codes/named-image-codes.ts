import type { Code } from './code.ts'

/** What an audit says of images that no judged pod starts. */
export const NAMED_IMAGE_CODES = {
  NAMED_IMAGE_NOWHERE: {
    kind: 'omission',
    severity: 'error',
    one: 'image of pods that are not judged, on no node',
    many: 'images of pods that are not judged, on no node',
    title: 'An image that something starts is on no node',
    help: 'No pod spec here names it, but an argument, an environment variable, a ConfigMap or a custom resource does. Whoever reads that makes pods of it, and they start nowhere without internet.',
    action:
      'Bundle it and seed it to every node that its pods may land on: nodeseed scan shows it, bundle and seed take it.',
  },
  NAMED_IMAGE_ON_SOME_NODES: {
    kind: 'omission',
    severity: 'warning',
    one: 'image of pods that are not judged, on some nodes only',
    many: 'images of pods that are not judged, on some nodes only',
    title: 'An image that something starts is not on every node',
    help: 'No pod spec here names it, so it is not known which nodes its pods land on. Where one lands on a node without it, it does not start.',
    action: 'Seed it to every node, or see to it that its pods land only where it is and use --fail-on atRisk.',
  },
  NAMED_IMAGE_UNKNOWN: {
    kind: 'omission',
    severity: 'warning',
    one: 'image of pods that are not judged, on nobody knows which nodes',
    many: 'images of pods that are not judged, on nobody knows which nodes',
    title: 'Nobody can tell which nodes have an image that something starts',
    help: 'No pod spec here names it, and what the audit was told does not say whether nodes have it. Unknown is not safe.',
    action: "Give the nodes' own image lists with --images NODE=FILE, or the placement with --placement DIR.",
  },
  POSSIBLE_IMAGE_LACKING: {
    kind: 'note',
    severity: 'info',
    title: 'A text that may be an image is not on every node',
    help: 'A text that looks like an image stands where images seldom stand. If it is one, its pods may not start.',
    action: 'Look at the place: nodeseed scan --why REF. If it is an image, seed it.',
  },
} as const satisfies Record<string, Code>
