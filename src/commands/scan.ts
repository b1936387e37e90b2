import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { scanFlags, scanOptions } from '../cli/flags/scan-flags.ts'
import { strictnessOf } from '../cli/flags/strict-flags.ts'
import { isIncomplete, isUnreadable } from '../cli/inputs/parts/recognition.ts'
import { atOrigins, type InputScan, scanInputs } from '../cli/inputs/scan-inputs.ts'
import { withUnused } from '../cli/inputs/usage.ts'
import { formatFlag } from '../cli/output/formats/output-format.ts'
import { idleExcuses } from '../cli/output/omissions.ts'
import { SCAN_FORMAT_NAMES, SCAN_FORMATS } from '../cli/output/scan-formats.ts'
import { renderWhy } from '../cli/output/uses.ts'
import { withProject } from '../cli/project/with-project.ts'
import { registryFlags } from '../cli/registry/registry-flags.ts'
import type { scanWithCharts as scansWithCharts } from '../cli/sources/scan-with-charts.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { parsePolicies } from '../cli/texts/policies.ts'
import { type ImageUse, renderUse } from '../discovery/uses/image-use.ts'
import { leftOutByPolicy } from '../discovery/uses/left-out.ts'
import { imagesOf, similarImages, usesOf } from '../discovery/uses/used-images.ts'
import { ExpectedError } from '../errors.ts'
import { listNames } from '../plural.ts'

type ScanWithCharts = typeof scansWithCharts

export default class Scan extends BaseCommand {
  static override summary = 'list every image that Kubernetes manifests use, with its pull policy and where it stands'
  static override description =
    paragraph(`Finds the images of pod specs, and those that no pod spec names: in flags, environment variables, ConfigMaps,
fields of custom resources, schema defaults. Results go to standard output, findings to standard error.
Exit code 0 also with findings; 2 when something could not be read, so that images may be missing from the list;
4 when --why finds no use of the image.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> examples/scan/shop.yaml',
    'helm template shop ./chart | <%= config.bin %> <%= command.id %> - --format images',
    '<%= config.bin %> <%= command.id %> overlays/production charts/db --values db.yaml --set tag=1.2',
    '<%= config.bin %> <%= command.id %> manifests/ --policy Never,IfNotPresent,Always --json',
    '<%= config.bin %> <%= command.id %> manifests/ --why docker.io/library/busybox',
    '<%= config.bin %> <%= command.id %> examples/scan/operator.yaml --rules examples/scan/rules.yaml',
    '<%= config.bin %> <%= command.id %> manifests/ --distro kubeadm@1.34.1 --format images',
  ]
  static override strict = false
  static override args = {
    input: Args.string({
      description:
        'file, directory (every .yaml, .yml and .json below it), kustomization, Helm chart, image list (.txt), oci:// address of a chart or of manifests, or - for standard input; several are fine; default: those of nodeseed.yaml',
    }),
  }
  static override flags = {
    format: Flags.option({ options: SCAN_FORMAT_NAMES })({
      description: SCAN_FORMAT_NAMES.map((name) => `${name}: ${SCAN_FORMATS[name].does}`).join('; '),
      default: 'table',
    }),
    why: Flags.string({
      description: 'show every place that names this image, and what made it one',
      helpValue: 'REF',
    }),
    charts: Flags.boolean({
      description:
        'ask registries for the charts and artifacts that resources name (HelmRelease, Application, ...), and look into them',
    }),
    comments: Flags.boolean({ description: 'also list images that only YAML comments name' }),
    output: formatFlag(['table', 'wide', 'images', 'json', 'yaml']),
    ...scanFlags,
    ...registryFlags,
  }

  async run(): Promise<unknown> {
    const parsed = await this.parse(Scan)
    const { inputs, flags } = await withProject(parsed.argv as string[], parsed.flags)
    if (inputs.length + flags.distro.length === 0) {
      throw new ExpectedError('USAGE', 'no input to scan', {
        hint: 'Name a file, a directory, an image list, - for standard input, or a distribution with --distro; or inputs in a nodeseed.yaml here.',
      })
    }
    const strictness = await strictnessOf(inputs, flags)
    const policies = parsePolicies(flags.policy)
    const options = await scanOptions(flags)
    const minConfidence = flags.why === undefined ? flags['min-confidence'] : 'possible'
    const all = { ...options, comments: flags.comments, minConfidence }
    const read =
      flags.charts || inputs.some((one) => one.startsWith('oci://'))
        ? await withCharts(inputs, all, flags)
        : await scanInputs(inputs, all)
    const scan = atOrigins(withUnused(read, all))
    if (isIncomplete(scan)) process.exitCode = 2
    if (flags.why !== undefined) return this.explain(scan, flags.why)
    const isTaken = ({ policy }: ImageUse) => policy === undefined || policies.some((word) => word === policy)
    const images = imagesOf(scan.uses, policies)
    // Only one of the two answers is asked for, and each takes its time where there are many thousand uses.
    const isJson = this.jsonEnabled()
    const text = isJson
      ? ''
      : SCAN_FORMATS[flags.output === 'images' ? 'images' : flags.format].render(
          { uses: scan.uses.filter(isTaken), images, isIncomplete: isIncomplete(scan) },
          this.tableWidth,
        )
    if (text !== '') this.log(text)
    this.sayFindings(scan.findings)
    const leftOut = [...scan.findings, ...leftOutByPolicy(scan.uses, policies), ...scan.unsure]
    const omissions = this.sayLeftOut(leftOut, strictness)
    if (!isJson) return undefined
    const findings = [...scan.findings, ...idleExcuses(leftOut, strictness.excuses)]
    return { uses: scan.uses.map(renderUse), images, findings, omissions }
  }

  private explain(scan: InputScan, reference: string): unknown {
    const found = usesOf(scan.uses, reference)
    const similar = found.length > 0 ? [] : similarImages(scan.uses, reference)
    const unread = scan.findings.filter(isUnreadable)
    if (found.length > 0) this.log(renderWhy(found))
    else {
      // While something could not be read, it is not known that nothing names it.
      if (unread.length === 0) this.answerNo()
      this.logToStderr(`${reference}: nothing${unread.length > 0 ? ' that could be read' : ''} here names it`)
      if (similar.length > 0) this.logToStderr(`  perhaps you mean: ${listNames(similar)}`)
    }
    this.sayFindings(unread)
    return { uses: found.map(renderUse), similar, findings: unread }
  }
}

/** Loaded only where it is needed: what speaks with registries takes as long to load as a small scan. */
async function withCharts(...args: Parameters<ScanWithCharts>): ReturnType<ScanWithCharts> {
  const { scanWithCharts } = await import('../cli/sources/scan-with-charts.ts')
  return scanWithCharts(...args)
}
