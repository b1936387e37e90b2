import { Args, Flags } from '@oclif/core'
import { lacksImages, missingFindings } from '../bundle/format/left-out.ts'
import type { Lock } from '../bundle/format/lock.ts'
import { carriedFiles } from '../bundle/format/node-files.ts'
import { type BundlePlan, planBundle } from '../bundle/format/plan.ts'
import { countKinds } from '../bundle/kinds.ts'
import { asEdition } from '../bundle/lock/edition.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { describeFetchPlan, type FetchPlan, fetchPlan, isBegun } from '../cli/bundles/fetch-plan.ts'
import { domainsOf } from '../cli/bundles/images-to-lock.ts'
import { readKnownBlobs } from '../cli/bundles/known-blobs.ts'
import { lockFlags } from '../cli/bundles/lock-flags.ts'
import { lockInputs } from '../cli/bundles/lock-inputs.ts'
import { withManifestCache } from '../cli/bundles/manifest-cache.ts'
import { describePatchable, makePatchedDelta } from '../cli/bundles/patch-layers.ts'
import { readSigner } from '../cli/bundles/sign-bundle.ts'
import { type MadeBundle, makePlanned, openExisting } from '../cli/bundles/write-bundle.ts'
import { describeDelta, patchReport } from '../cli/deltas/describe-delta.ts'
import { NO_BASES, openBases, type PatchBases } from '../cli/deltas/patch-bases.ts'
import { patchFlag, withPatchValue } from '../cli/deltas/patch-flag.ts'
import type { WholeLayer } from '../cli/deltas/whole-layers.ts'
import { keepInputs } from '../cli/files/kept-inputs.ts'
import { readNodeScript } from '../cli/files/node-script.ts'
import { architecturesWithout, readTools, type Tool } from '../cli/files/tool-file.ts'
import { bundleFileFlags } from '../cli/flags/bundle-file-flags.ts'
import { repeatable } from '../cli/flags/repeatable.ts'
import { strictnessOf } from '../cli/flags/strict-flags.ts'
import { isNote } from '../cli/output/findings.ts'
import { openPlainFiles } from '../cli/plain-files/open-files.ts'
import { withProject } from '../cli/project/with-project.ts'
import { withPullSecretHint } from '../cli/registry/pull-secret-hint.ts'
import { renderQuotas } from '../cli/registry/quota.ts'
import { readRegistryOptions } from '../cli/registry/registry-options.ts'
import { filesToCarry } from '../cli/signatures/policy-files.ts'
import { imagesAndPlaces } from '../cli/sources/images-and-places.ts'
import { OFFLINE } from '../cli/sources/offline-source.ts'
import { sparseNote } from '../cli/sources/sparse-note.ts'
import { withoutWhatIsLost } from '../cli/sources/without-lost.ts'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import { openContent } from '../layout/open-content.ts'
import type { Content } from '../oci/content/content.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { countOf } from '../plural.ts'
import { RegistryClient } from '../registry/client/registry-client.ts'

/** What came of a run: a bundle, or what it would take to make it. */
interface Made extends Partial<Omit<MadeBundle, 'plan'>> {
  readonly plan: BundlePlan
  readonly dryRun?: FetchPlan
  readonly wholeLayers?: readonly WholeLayer[]
  readonly leftOut: readonly Finding[]
}

export default class Bundle extends BaseCommand {
  static override summary = 'download the images of Kubernetes manifests, or of a lock, into one file'
  static override description =
    'The file is a tar and an OCI image layout; it holds every byte as the registries have it, under every name.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> manifests/ -o shop.tar',
    '<%= config.bin %> <%= command.id %> nodeseed.lock -o images.tar',
    '<%= config.bin %> <%= command.id %> manifests/ --from docker-daemon:app:local -o shop.tar',
    '<%= config.bin %> <%= command.id %> --from k3s-airgap-images-amd64.tar.zst -o images.tar',
    '<%= config.bin %> <%= command.id %> nodeseed.lock --since may.tar -o june-delta.tar',
    '<%= config.bin %> <%= command.id %> nodeseed.lock --since may.tar --patch=off -o june-delta.tar',
    '<%= config.bin %> <%= command.id %> --image nginx:1.27 --platform linux/amd64 --platform linux/arm64 -o nginx.tar',
  ]
  static override strict = false
  static override args = {
    input: Args.string({
      description:
        'manifest file, directory, chart, oci:// address of a chart or of manifests, lock, or - for standard input',
    }),
  }
  static override flags = {
    ...bundleFileFlags,
    output: Flags.string({
      char: 'o',
      description: 'file to write; default: that of nodeseed.yaml',
      helpValue: 'FILE',
    }),
    'dry-run': Flags.boolean({
      description: 'ask registries, say what would be fetched and what the disk must take, and write nothing',
    }),
    since: repeatable({
      description:
        'make a delta: leave out layers that this bundle, lock or list of digests (of a node) has (repeatable: what any of them has)',
      helpValue: 'FILE',
    }),
    ...patchFlag,
    reuse: repeatable({
      description: 'take blobs from this bundle or archive of images before any registry (repeatable)',
      helpValue: 'FILE',
    }),
    file: repeatable({
      description:
        'carry this plain file too, with its name and mode; extract writes it on the other side (repeatable)',
      helpValue: 'PATH',
    }),
    'with-tool': Flags.boolean({ description: 'carry this program too, so that the other side needs no Node' }),
    tool: repeatable({
      description: 'carry this build of it, which needs no Node (repeatable: one for amd64, one for arm64)',
      helpValue: 'FILE',
    }),
    ...lockFlags,
  }

  async run(): Promise<unknown> {
    const parsed = await this.parse(Bundle, withPatchValue(this.argv))
    this.whenStopped('nothing was kept; run the same command again')
    const { inputs, flags: given, project } = await withProject(parsed.argv as string[], parsed.flags)
    const strictness = await strictnessOf(inputs, given)
    const force = given.force || project.force === true
    const flags = { ...given, force, output: given.output ?? project.output ?? refuseWithoutOutput() }
    const signer = await readSigner(flags.sign)
    const tools = flags['with-tool'] || flags.tool.length > 0 ? await readTools(flags.tool) : []
    const existing = await openExisting(flags)
    if (force) await keepInputs(flags.output, { inputs, flags }, { isOwn: existing !== undefined })
    const options = await readRegistryOptions(flags, inputs)
    const client = new RegistryClient(options)
    const reuse: Content[] = []
    let bases: PatchBases = NO_BASES
    try {
      const plain = await openPlainFiles(filesToCarry(flags.file, flags))
      reuse.push(plain)
      const { wanted, places } = await imagesAndPlaces(inputs, flags, client, plain)
      reuse.push(...places.filter((place) => place !== plain), ...(existing ? [existing] : []))
      this.sayFindings(wanted.leftOut.filter(isNote))
      this.refuseLeftOut(wanted.leftOut, strictness)
      const known = await readKnownBlobs(flags.since)
      const named: Content[] = []
      for (const path of flags.reuse) {
        named.push(await openContent(path))
        reuse.push(named.at(-1)!)
      }
      bases = await openBases({ since: flags.since, reuse: named }, flags.patch)
      const made = await withManifestCache(flags.output, async (kept): Promise<Made> => {
        const {
          lock: locked,
          leftOut,
          documents,
        } = await lockInputs(wanted, flags, {
          ...{ client, kept, places, local: reuse, fetchesLocked: true },
          note: (text) => this.note(text),
          sayFindings: (findings) => this.sayFindings(findings),
        })
        const source = flags.offline ? OFFLINE : client
        const sources = { source, documents, reuse, signal: options.signal, signer }
        const first = asEdition(locked, { set: flags['set-name'], number: flags.number })
        this.#sayToolsLacking(tools, first)
        return withoutWhatIsLost({ lock: first, leftOut }, flags['allow-missing'], async ({ lock, leftOut }) => {
          this.refuseLeftOut([...wanted.leftOut, ...leftOut, ...missingFindings(lock)], strictness)
          const files = [...carriedFiles(lock, await readNodeScript()), ...tools]
          const note = (line: string) => this.note(line)
          const sparse = await sparseNote(lock, documents)
          if (sparse) note(sparse)
          const planned = planBundle(lock, files, known)
          const fetching = await fetchPlan(planned, flags.output, { documents, reuse })
          const left = [...leftOut, ...missingFindings(lock)]
          const delta = { lock, files, ...known, bases: bases.contents }
          if (flags['dry-run']) {
            for (const line of describePatchable(delta)) note(line)
            return { plan: planned, dryRun: fetching, leftOut: left }
          }
          for (const line of describeFetchPlan(planned, fetching)) note(line)
          const written =
            bases.contents.length > 0
              ? await makePatchedDelta(delta, existing, flags, { ...sources, note })
              : await makePlanned(planned, existing, flags, sources)
          return { ...written, leftOut: left }
        })
      })
      for (const line of renderQuotas(domainsOf(wanted), (registry) => client.quotaOf(registry))) this.note(line)
      const report = await this.#report(flags.output, made)
      if (lacksImages(made.plan.table.lock)) this.answerNo()
      return { ...report, omissions: this.sayLeftOut([...wanted.leftOut, ...made.leftOut], strictness) }
    } catch (error) {
      throw await withPullSecretHint(error, inputs, flags)
    } finally {
      await client.close()
      for (const content of [bases, ...reuse]) await content.close()
    }
  }

  #sayToolsLacking(tools: readonly Tool[], lock: Lock): void {
    const without = tools.length > 0 ? architecturesWithout(tools, lock) : []
    if (without.length > 0) {
      this.logToStderr(`the bundle carries no nodeseed for ${without.join(', ')}: name a build for it with --tool`)
    }
  }

  async #report(file: string, { plan, downloaded, signature, dryRun, wholeLayers = [] }: Made) {
    const { lock, blobs, requires } = plan.table
    if (dryRun) await this.#sayDryRun(file, plan, dryRun)
    else {
      const counts = `${countKinds(lock.images)}, ${countOf(blobs.length, 'blob')}`
      const came = downloaded === undefined ? 'is up to date' : `downloaded ${formatBytes(downloaded)}`
      this.log(`${file}: ${counts}, ${formatBytes(plan.size)}; ${came}`)
    }
    for (const line of describeDelta(plan.table)) this.log(`  ${line}`)
    if (signature) this.log(`${signature}: the signature`)
    const images = lock.images.map(({ reference, names, target }) => ({ reference, names, digest: target.digest }))
    return {
      ...{ file, bytes: plan.size, images, blobs: blobs.length },
      ...(requires && { requires }),
      ...patchReport(plan.table),
      ...(wholeLayers.length > 0 && { wholeLayers }),
      ...(signature && { signature }),
      ...(dryRun && { dryRun }),
    }
  }

  async #sayDryRun(file: string, plan: BundlePlan, dryRun: FetchPlan): Promise<void> {
    const [what, ...takes] = describeFetchPlan(plan, dryRun)
    this.log(`${file} would have ${what}`)
    for (const line of takes) this.log(`  ${line}`)
    if (await isBegun(file)) this.log('  an earlier run has begun it: what that brought is not fetched again')
  }
}

function refuseWithoutOutput(): never {
  throw new ExpectedError('USAGE', 'nodeseed bundle: missing flag: --output', {
    hint: 'Name the file to write: -o FILE; or below output in a nodeseed.yaml here.',
  })
}
