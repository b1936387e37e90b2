import { Flags } from '@oclif/core'
import { ExpectedError } from '../../errors.ts'
import { isLabelKey } from '../../kubernetes/objects/label.ts'
import { GUARD_ACTIONS } from '../../seed/guard/guard-images.ts'
import { SEED_METHODS } from '../../seed/methods/methods.ts'
import { PLACEMENTS } from '../../seed/placement/placement.ts'
import { keyFlag } from './bundle-file-flags.ts'
import { durationFlag } from './duration-flag.ts'
import { repeatable } from './repeatable.ts'
import { chartFlags, inputFlags } from './scan-flags.ts'
import { sizeFlag } from './size-flag.ts'

/** What `seed` can be told; values are checked where they are read. */
export const seedFlags = {
  ...keyFlag(
    'this checks its table, and all that is written comes from that; contents are read by seed.sh --key on a node, or by verify',
  ),
  nodes: Flags.string({ description: 'what `kubectl get nodes -o json` wrote', required: true, helpValue: 'FILE' }),
  output: Flags.string({ char: 'o', description: 'directory to write', required: true, helpValue: 'DIR' }),
  force: Flags.boolean({ description: 'replace what an earlier run wrote to that directory' }),
  release: chartFlags.release,
  values: chartFlags.values,
  ...inputFlags,
  'set-name': Flags.string({
    aliases: ['set'],
    deprecateAliases: true,
    description: 'name of the seed set, the first part of its label',
    default: 'images',
    helpValue: 'NAME',
  }),
  'label-prefix': Flags.string({ description: 'domain of the label', default: 'nodeseed.dev', helpValue: 'DOMAIN' }),
  namespace: Flags.string({ description: 'namespace of the seeding pods', default: 'nodeseed', helpValue: 'NAME' }),
  'bundle-path': Flags.string({
    description: 'where the bundle lies on the nodes; default /var/lib/nodeseed/<name>',
    helpValue: 'PATH',
    parse: async (text) => absolute(text),
  }),
  'from-registry': Flags.string({
    description: 'nodes pull from this registry, such as nodeseed serve, instead of reading a file',
    helpValue: 'URL',
    exclusive: ['bundle-path'],
    parse: async (text) => registryUrl(text),
  }),
  ca: Flags.string({
    description: 'authorities (PEM) that nodes check the certificate of that registry with',
    helpValue: 'FILE',
    dependsOn: ['from-registry'],
  }),
  'pull-secret': Flags.string({
    description: 'Secret of kubectl create secret docker-registry, in --namespace, with the credentials for it',
    helpValue: 'NAME',
    dependsOn: ['from-registry'],
    parse: async (text) => secretName(text),
  }),
  method: repeatable({
    description: `how images reach all nodes, or NODE, where that is not what the node reports (repeatable): ${SEED_METHODS.map(({ name }) => name).join(', ')}`,
    helpValue: '[NODE=]METHOD',
  }),
  'sandbox-image': Flags.string({
    description: 'sandbox (pause) image of the nodes that do not report theirs',
    helpValue: 'REF',
  }),
  'place-on': Flags.option({ options: PLACEMENTS })({
    aliases: ['placement'],
    deprecateAliases: true,
    description: 'nodes that get images: those that the workloads may run on, all, or as few as --spread needs',
    default: 'eligible',
  }),
  spread: Flags.integer({
    description: 'with --place-on minimal: nodes for each workload',
    default: 1,
    min: 1,
    helpValue: 'COUNT',
  }),
  pools: Flags.boolean({
    description: 'select nodes by platform and role, not by name, so that nodes that join later are seeded too',
  }),
  'pool-label': repeatable({
    description: 'the same, and nodes with another value of this label are another pool (repeatable)',
    helpValue: 'KEY',
  }),
  'max-per-node': sizeFlag({ description: 'compressed size that no node may exceed, such as 40GB' }),
  after: Flags.string({
    description:
      'directory of the last seed: says what of it goes, and the guard admits both until then; default: with --force, what DIR holds',
    helpValue: 'DIR',
  }),
  prune: Flags.boolean({ description: 'let nodes drop what earlier sets of the same name brought' }),
  guard: Flags.option({ options: GUARD_ACTIONS })({
    description: 'also write an admission policy for pods whose images are not in the bundle',
  }),
  nfd: Flags.boolean({ description: 'seeded nodes label themselves through Node Feature Discovery' }),
  'max-unavailable': Flags.string({
    description: 'nodes, or share of nodes, that seed at the same time after a change',
    default: '25%',
    helpValue: 'COUNT|SHARE',
    parse: async (text) => share(text),
  }),
  interval: durationFlag({ description: 'time between two checks of a seeded node', default: 300_000, min: 1000 }),
}

/**
 * The labels that tell pools apart; undefined where nodes are selected by name.
 *
 * @throws {ExpectedError} USAGE for what is no label, or where as few nodes as possible are chosen, by name.
 */
export function poolLabels(flags: {
  pools: boolean
  'pool-label': string[]
  'place-on': string
}): string[] | undefined {
  const keys = flags['pool-label']
  const broken = keys.find((key) => !isLabelKey(key))
  if (broken !== undefined) {
    throw new ExpectedError('USAGE', `not the key of a label: ${JSON.stringify(broken)}`, {
      hint: 'See those of your nodes with: kubectl get nodes --show-labels',
    })
  }
  if (!flags.pools && keys.length === 0) return undefined
  if (flags['place-on'] !== 'minimal') return keys
  throw new ExpectedError(
    'USAGE',
    '--pools gives all nodes of a pool the same images, and --place-on minimal does not',
    {
      hint: 'Leave one of them out.',
    },
  )
}

function secretName(text: string): string {
  if (text.length <= 253 && /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(text)) return text
  throw new ExpectedError('USAGE', `not the name of a Secret: ${JSON.stringify(text)}`, {
    hint: 'Make one with: kubectl -n nodeseed create secret docker-registry NAME --docker-server=HOST …',
  })
}

function absolute(path: string): string {
  if (/^\/[^\0]*[^/\0]$/.test(path) && !path.split('/').includes('..')) return path
  throw new ExpectedError('USAGE', `not an absolute path of a file: ${JSON.stringify(path)}`, {
    hint: 'Give --bundle-path the path that the bundle has on every node.',
  })
}

function registryUrl(text: string): string {
  if (/^https?:\/\/[\w.:[\]-]+(?:\/[\w./-]*)?$/.test(text)) return text
  throw new ExpectedError('USAGE', `not the address of a registry: ${JSON.stringify(text)}`, {
    hint: 'Write it with its scheme: http://10.0.0.5:5000 or https://registry.example.com.',
  })
}

function share(text: string): string {
  if (/^[1-9]\d{0,5}$|^(?:[1-9]\d?|100)%$/.test(text)) return text
  throw new ExpectedError('USAGE', `not a number of nodes, nor a share: ${JSON.stringify(text)}`, {
    hint: 'Give --max-unavailable a number such as 3, or a percentage such as 25%.',
  })
}
