import { basename } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { renderFindings } from '../cli/findings.ts'
import { readText } from '../cli/inputs.ts'
import { readNodeScript } from '../cli/node-script.ts'
import { readNodesFile } from '../cli/nodes-file.ts'
import { writeOutputDirectory } from '../cli/output-directory.ts'
import { PLACEMENT_FILE } from '../cli/placement-file.ts'
import { repeatable } from '../cli/repeatable.ts'
import { scanInputs } from '../cli/scan-inputs.ts'
import { renderTable } from '../cli/table.ts'
import { ExpectedError } from '../errors.ts'
import { nameOfNode } from '../kubernetes/node.ts'
import { parseMilli } from '../kubernetes/quantity.ts'
import { openBundle } from '../layout/bundle-file.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { applyCommand } from '../seed/apply-command.ts'
import { carryCommands } from '../seed/carry-commands.ts'
import { GUARD_ACTIONS, type GuardAction } from '../seed/guard-images.ts'
import { METHODS } from '../seed/method.ts'
import { methodChooser } from '../seed/method-choice.ts'
import { PLACEMENTS, type PlacementMode } from '../seed/placement.ts'
import { planSeeding, type SeedingPlan } from '../seed/plan.ts'

const MARKER = PLACEMENT_FILE

export default class Seed extends BaseCommand {
  static override summary = 'write what brings a bundle onto nodes: node script, DaemonSets, labels, workload patches'
  static override description = `No image is needed on the nodes but the sandbox image, which each of them has, and no
program but their own. DIR holds seed.sh (for a node at hand), seeding/ (for kubectl apply -k), labels.sh, and
workloads/ (a kustomize component that gives each workload of INPUT its nodeSelector). Ends with 4 when something could
not be placed, and says what and why; the rest is written all the same.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar --nodes nodes.json -o seed-shop manifests/',
    '<%= config.bin %> <%= command.id %> shop.tar --nodes nodes.json -o seed-shop --sandbox-image registry.k8s.io/pause:3.9',
    '<%= config.bin %> <%= command.id %> shop.tar --nodes nodes.json -o seed-shop --method edge-1=k3s manifests/',
  ]
  static override strict = false
  static override args = {
    bundle: Args.string({ description: 'bundle file', required: true }),
    input: Args.string({ description: 'manifests of the workloads: files, directories, or -' }),
  }
  static override flags = {
    nodes: Flags.string({ description: 'file of kubectl get nodes -o json (or yaml)', required: true }),
    output: Flags.string({ char: 'o', description: 'directory to write', required: true }),
    force: Flags.boolean({ description: 'replace what an earlier run wrote to that directory' }),
    set: Flags.string({ description: 'name of the seed set, the first part of its label', default: 'images' }),
    'label-prefix': Flags.string({ description: 'domain of the label', default: 'nodeseed.dev' }),
    namespace: Flags.string({ description: 'namespace of the seeding pods', default: 'nodeseed' }),
    'bundle-path': Flags.string({
      description: 'where the bundle lies on the nodes; default /var/lib/nodeseed/<name>',
    }),
    'from-registry': Flags.string({
      description: 'nodes pull from this registry, such as nodeseed serve, instead of reading a file',
      helpValue: 'URL',
      exclusive: ['bundle-path'],
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
    }),
    method: repeatable({
      description: `how images reach all nodes, or NODE, where that is not what the node reports (repeatable): ${METHODS.join(', ')}`,
      helpValue: '[NODE=]METHOD',
    }),
    'sandbox-image': Flags.string({ description: 'sandbox (pause) image of nodes that do not report theirs' }),
    placement: Flags.string({
      description: 'nodes that get images: those that the workloads may run on, all, or as few as --spread needs',
      options: PLACEMENTS,
      default: 'eligible',
    }),
    spread: Flags.integer({ description: 'with minimal placement: nodes for each workload', default: 1, min: 1 }),
    'max-per-node': Flags.string({
      description: 'compressed size that no node may exceed, such as 40G',
      helpValue: 'SIZE',
    }),
    prune: Flags.boolean({ description: 'let nodes drop what earlier sets of the same name brought' }),
    guard: Flags.string({
      description: 'also write an admission policy for pods whose images are not in the bundle',
      options: GUARD_ACTIONS,
    }),
    nfd: Flags.boolean({ description: 'seeded nodes label themselves through Node Feature Discovery' }),
    'max-unavailable': Flags.string({
      description: 'nodes, or share of nodes, that seed at the same time after a change',
      default: '25%',
      parse: async (text) => share(text),
    }),
    interval: Flags.integer({ description: 'seconds between two checks of a seeded node', default: 300, min: 1 }),
  }

  async run(): Promise<unknown> {
    const { argv, args, flags } = await this.parse(Seed)
    const nodes = await readNodesFile(flags.nodes)
    const { workloads, findings } = await scanInputs((argv as string[]).slice(1), { keepWorkloads: true })
    const bundle = await openBundle(args.bundle)
    await bundle.close()
    const plan = planSeeding(bundle.lock, nodes, workloads, {
      set: flags.set,
      labelDomain: flags['label-prefix'],
      namespace: flags.namespace,
      bundlePath: absolute(flags['bundle-path'] ?? `/var/lib/nodeseed/${basename(args.bundle)}`),
      sandboxImage: flags['sandbox-image'],
      interval: flags.interval,
      placement: flags.placement as PlacementMode,
      spread: flags.spread,
      prune: flags.prune,
      guard: flags.guard as GuardAction | undefined,
      nfd: flags.nfd,
      ...(flags['from-registry'] !== undefined && { registry: registryUrl(flags['from-registry']) }),
      ...(flags.ca !== undefined && { registryCa: certificates(await readText(flags.ca), flags.ca) }),
      ...(flags['pull-secret'] !== undefined && { pullSecret: secretName(flags['pull-secret']) }),
      methodFor: methodChooser(flags.method, nodes.map(nameOfNode)),
      maxUnavailable: flags['max-unavailable'],
      ...(flags['max-per-node'] !== undefined && { maxBytes: size(flags['max-per-node']) }),
      script: await readNodeScript(),
    })
    const { files, ...answer } = plan
    const marker = { path: MARKER, content: `${JSON.stringify(answer, null, 2)}\n` }
    await writeOutputDirectory(flags.output, [...files, marker], { force: flags.force, marker: MARKER })
    const unreadable = findings.filter(({ code }) => code === 'FILE_UNREADABLE' || code === 'DOCUMENT_UNREADABLE')
    const said = [...unreadable, ...plan.findings]
    if (said.length > 0) this.logToStderr(renderFindings(said))
    this.#explain(plan, args.bundle, flags.output, flags['from-registry'])
    if (plan.nodes.length + plan.prepared.length === 0 || said.some(({ severity }) => severity === 'error'))
      this.answerNo()
    return answer
  }

  #explain(plan: SeedingPlan, bundle: string, output: string, registry?: string): void {
    const { nodes, bundlePath, namespace, files } = plan
    const rows = nodes.map(({ node, sets, images, bytes }) => [
      node,
      sets.join(','),
      String(images),
      formatBytes(bytes),
    ])
    if (nodes.length === 0) {
      this.log(`Written to ${output}.`)
      return
    }
    this.log(renderTable(['NODE', 'SETS', 'IMAGES', 'SIZE'], rows))
    const groups = [...new Set(nodes.map(({ group }) => group))]
    const guard = files.filter(({ path }) => path.startsWith('guard/'))
    const steps = [
      registry
        ? [`let ${registry} serve ${bundle}: nodeseed serve`]
        : [...carryCommands(nodes, bundle, bundlePath), ...copyStep(plan, bundle)],
      [
        `${applyCommand(files.filter(({ path }) => path.startsWith('seeding/')))} ${output}/seeding`,
        ...groups.map((group) => `kubectl -n ${namespace} rollout status daemonset/seed-${group}`),
      ],
      [`sh ${output}/labels.sh`],
      [`name ${output}/workloads under "components:" in the kustomization of your workloads`],
      ...(guard.length > 0 ? [[`${applyCommand(guard)} ${output}/guard`]] : []),
    ]
    this.log(`\nWritten to ${output}. What comes next:`)
    steps.forEach((lines, index) => void this.log(`  ${index + 1}. ${lines.join('\n     ')}`))
  }
}

function copyStep({ nodes, bundlePath }: SeedingPlan, bundle: string): string[] {
  const isLocal = nodes.every(({ method }) => method === 'kind' || method === 'minikube')
  return isLocal ? [] : [`copy ${bundle} to ${bundlePath} on each node`]
}

function certificates(text: string, file: string): string {
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text)) return text
  throw new ExpectedError('INPUT_INVALID', `${file}: holds no certificate`, {
    hint: 'Give --ca the PEM file of the authority, such as the tls.crt that nodeseed serve wrote.',
  })
}

function secretName(text: string): string {
  if (text.length <= 253 && /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/.test(text)) return text
  throw new ExpectedError('USAGE', `Not the name of a Secret: ${JSON.stringify(text)}`, {
    hint: 'Make one with: kubectl -n nodeseed create secret docker-registry NAME --docker-server=HOST …',
  })
}

function absolute(path: string): string {
  if (/^\/[^\0]*[^/\0]$/.test(path) && !path.split('/').includes('..')) return path
  throw new ExpectedError('USAGE', `Not an absolute path of a file: ${JSON.stringify(path)}`, {
    hint: 'Give --bundle-path the path that the bundle has on every node.',
  })
}

function registryUrl(text: string): string {
  if (/^https?:\/\/[\w.:[\]-]+(?:\/[\w./-]*)?$/.test(text)) return text
  throw new ExpectedError('USAGE', `Not the address of a registry: ${JSON.stringify(text)}`, {
    hint: 'Write it with its scheme: http://10.0.0.5:5000 or https://registry.example.com.',
  })
}

function share(text: string): string {
  if (/^[1-9]\d{0,5}$|^(?:[1-9]\d?|100)%$/.test(text)) return text
  throw new ExpectedError('USAGE', `Not a number of nodes, nor a share: ${JSON.stringify(text)}`, {
    hint: 'Give --max-unavailable a number such as 3, or a percentage such as 25%.',
  })
}

function size(text: string): number {
  const milli = parseMilli(text)
  if (milli !== undefined && milli > 0) return milli / 1000
  throw new ExpectedError('USAGE', `Not a size: ${JSON.stringify(text)}`, {
    hint: 'Give --max-per-node bytes, or a quantity such as 40G or 40Gi.',
  })
}
