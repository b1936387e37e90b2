import type { Word } from './word.ts'

const LISTS = "Give the nodes' own lists: crictl images -o json > NODE.json, then --images NODE=NODE.json."
const REASONS = 'The lines below it in the table: each names nodes, a reason and a fix; nodeseed explain REASON.'
const WHO_NAMES = 'The lines below it in the table say who names the image, and which nodes lack it.'
const SETS = 'nodeseed audit INPUT... --nodes FILE --placement DIR; kubectl get nodes --show-labels.'

/** The words that an audit's tables begin a row with: of workloads, of images named elsewhere, of seed sets. */
export const AUDIT_TABLE_WORDS = {
  safe: {
    title: 'Of a workload: every node that it may land on can start it',
    help: 'The scheduler may pick any of them, today and when a node is lost, and all images are there.',
    look: 'The numbers behind it: "4 of 4" counts the nodes that it may land on, not all nodes.',
    action: 'Nothing: it is as it should be.',
  },
  'at risk': {
    title: 'Of a workload: some nodes that it may land on can start it, others cannot',
    help: 'The scheduler does not look at images: the pod may run today, and wait for good when it moves.',
    look: REASONS,
    action: 'Seed the other nodes, or keep the workload to those that have its images: nodeseed patch --placement DIR.',
  },
  impossible: {
    title: 'Of a workload: no node can start it',
    help: 'It may land on nodes of which none can start it; or, as "0 of 0" says, it may land nowhere: labels, taints or room keep it away.',
    look: REASONS,
    action: 'Do what the line that begins with fix: says, the smallest change first.',
  },
  unknown: {
    title: 'Of a workload or an image: nobody can tell from what was given',
    help: 'The list of images of a node is not whole (it reports at most 50), or something decides that is not modelled or not among the inputs. Unknown is not safe.',
    look: REASONS,
    action: `Give more: --pods, --placement, the objects that are missing. ${LISTS}`,
  },
  'not judged': {
    title: 'Of a resource: it has pods that the audit cannot judge',
    help: 'It names images, but where its pods go is not known: an operator makes them, or they are of an earlier template. It counts as unknown.',
    look: 'The finding WORKLOAD_NOT_JUDGED.',
    action:
      'See that its images are on every node that its pods may land on; audit the workloads that its operator makes.',
  },
  everywhere: {
    title: 'Of an image that no judged pod starts: it is on every node',
    help: 'An argument, a variable, a ConfigMap or a custom resource names it, so nobody knows where its pods land; wherever that is, it is there.',
    look: WHO_NAMES,
    action: 'Nothing: it is as it should be.',
  },
  'some nodes': {
    title: 'Of an image that no judged pod starts: it is on some nodes, and on others not',
    help: 'It is not known where the pods land that need it: on the others they do not start. It counts as unknown.',
    look: WHO_NAMES,
    action: 'Seed it to every node that its pods may land on.',
  },
  nowhere: {
    title: 'Of an image that no judged pod starts: it is on no node',
    help: 'Whoever starts it by this name fails, wherever its pods land. It counts as unknown.',
    look: WHO_NAMES,
    action: 'Bundle it and seed it: scan shows it, bundle and seed take it.',
  },
  held: {
    title: 'Of a seed set: its nodes hold every image of it, as it has them',
    help: 'The label says that the set was seeded, and the list of images of each node shows the same.',
    look: SETS,
    action: 'Nothing: it is as it should be.',
  },
  incomplete: {
    title: 'Of a seed set: an image of it is missing on the nodes, or is another one',
    help: 'The label says that the set was seeded, and the list of images says otherwise: garbage collection, a tag that was pulled anew, a node that was made anew.',
    look: 'The lines below it name the nodes, and what is missing or not pinned.',
    action: 'Seed the nodes again: sh seed.sh FILE there, or kubectl apply -k of the seeding directory.',
  },
  unverified: {
    title: 'Of a seed set: its nodes have the label, and nothing shows whether its images are there',
    help: 'A node reports at most 50 images and 5 names of each; or it shows a tag without the digest that the set has; or nothing that was given says which images the set has. The label alone is believed.',
    look: SETS,
    action: `Give the bundle (--bundle FILE) or what seed wrote (--placement DIR). ${LISTS}`,
  },
  unlabelled: {
    title: 'Of a seed set: its nodes are to hold it, and have no label that says so',
    help: 'The placement names these nodes. Workloads that select the label start nowhere there.',
    look: 'kubectl -n nodeseed get pods -o wide: a seeding pod is Ready once all images are there.',
    action: 'Wait for the seeding pods, then label: sh labels.sh, or nodeseed label DIR.',
  },
} as const satisfies Record<string, Word>
