import type { Interfaces } from '@oclif/core'
import type { ImageFailure } from '../../bundle/failure.ts'
import type { WaitingImage } from '../../bundle/format/fields/waiting-image.ts'
import type { Edition, Lock, LockedImage } from '../../bundle/format/lock.ts'
import { jointEdition } from '../../bundle/lock/edition.ts'
import { GitOpsResources } from '../../discovery/charts/gitops-resources.ts'
import { leftOutByPolicy } from '../../discovery/uses/left-out.ts'
import { imagesOf } from '../../discovery/uses/used-images.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { criForm, parseReference, type Reference } from '../../oci/reference.ts'
import { listNames } from '../../plural.ts'
import { quote } from '../../quote.ts'
import type { FollowNamed } from '../charts/follow-charts.ts'
import { splitInputs } from '../charts/input-address.ts'
import { scanOptions } from '../flags/scan-flags.ts'
import { isUnreadable } from '../inputs/parts/recognition.ts'
import { atOrigins, type InputScan, scanInputs } from '../inputs/scan-inputs.ts'
import { withUnused } from '../inputs/usage.ts'
import { renderFindings } from '../output/findings.ts'
import { omissionsOf, renderOmissions } from '../output/omissions.ts'
import { parsePolicies } from '../texts/policies.ts'
import { beginsAsObject, nameOf, readText } from '../texts/read-text.ts'
import { findLock, inputError, readLockOf } from './lock-file.ts'
import type { lockFlags } from './lock-flags.ts'

/** What inputs and flags ask for: references to look up, and images that a lock has fixed already. */
export interface ImagesToLock {
  readonly references: readonly Reference[]
  readonly locked: readonly LockedImage[]
  /** Whose images these are; only where nodes are told. */
  readonly workloads: readonly Workload[]
  /** What the inputs name and nothing here takes. */
  readonly leftOut: readonly Finding[]
  /** The edition that the locks among the inputs are. */
  readonly edition?: Edition | undefined
  /** What some of the references stood for when they were looked into. */
  readonly artifacts?: ReadonlyMap<string, Descriptor>
  /** What was to be looked into and could not be had. */
  readonly failures?: readonly ImageFailure[]
  /** Charts that no registry has, each under the name of its file. */
  readonly charts?: readonly { readonly name: string; readonly packed: Uint8Array; readonly shown: string }[]
  /** What the locks among the inputs do not take yet, because it is too new. */
  readonly waiting?: readonly WaitingImage[]
  /** What the locks among the inputs had to leave out. */
  readonly missing?: readonly string[]
}

/**
 * What inputs and flags ask for; with `follow` also what the charts name that they name.
 *
 * @throws {ExpectedError} USAGE; INPUT_INVALID when nothing asks for an image; INPUT_UNREADABLE when something below an
 * input cannot be read, since its images would be missing where nobody looks for them; what reading inputs throws.
 */
export async function imagesToLock(
  inputs: readonly string[],
  flags: Interfaces.InferredFlags<typeof lockFlags>,
  follow: FollowNamed | undefined,
): Promise<ImagesToLock> {
  const { image, policy } = flags
  const policies = parsePolicies(policy)
  const { files, addresses } = splitInputs(inputs)
  const locks = await Promise.all(files.map(readLock))
  const gitops = follow && new GitOpsResources()
  const options = { ...(await scanOptions(flags)), keepWorkloads: flags.nodes !== undefined, gitops }
  const found = await scanInputs(
    files.filter((_, index) => !locks[index]),
    options,
  )
  checkComplete(found)
  refusePipedLock(found)
  const followed = gitops && (await follow?.(found, { ...options, gitops, addresses }))
  const scan = atOrigins(withUnused(followed?.scan ?? found, options))
  checkComplete(scan)
  const { artifacts = new Map<string, Descriptor>(), failures = [], charts = new Map() } = followed ?? {}
  // What a lock had to leave out is looked for again, and never forgotten.
  const missing = locks.flatMap((lock) => lock?.missing ?? []).map(({ reference }) => reference)
  const named = [...imagesOf(scan.uses, policies), ...image, ...missing, ...artifacts.keys()]
  const references = named.map(parseReference)
  const locked = locks.flatMap((lock) => lock?.images ?? [])
  const waiting = locks.flatMap((lock) => lock?.waiting ?? [])
  const edition = jointEdition(locks.filter((lock) => lock !== undefined))
  const leftOut = [...scan.findings, ...leftOutByPolicy(scan.uses, policies), ...scan.unsure].filter(
    ({ subject }) => !references.some((reference) => criForm(reference) === subject),
  )
  if (references.length + locked.length + failures.length + charts.size > 0)
    return {
      references,
      locked,
      workloads: scan.workloads,
      leftOut,
      edition,
      artifacts,
      failures,
      missing,
      waiting,
      charts: [...charts.values()],
    }
  throw nothingToLock(inputs, policy, leftOut)
}

function nothingToLock(inputs: readonly string[], policy: string, leftOut: readonly Finding[]): ExpectedError {
  if (inputs.length === 0) {
    return new ExpectedError('USAGE', 'no input, and no image', {
      hint: 'Name manifests, a directory, a chart, a list of images or a lock; images with --image, or a distribution with --distro; or inputs in a nodeseed.yaml here.',
    })
  }
  const said = renderOmissions(omissionsOf(leftOut))
  return new ExpectedError(
    'INPUT_INVALID',
    `no image with policy ${policy} in ${listNames(inputs)}${said === '' ? '' : `:\n${said}`}`,
    {
      hint: `See what is there with: nodeseed scan ${inputs.map(quote).join(' ')}; take other policies with --policy, or name images with --image.`,
    },
  )
}

function checkComplete({ findings }: InputScan): void {
  const unreadable = findings.filter(isUnreadable)
  if (unreadable.length === 0) return
  throw new ExpectedError('INPUT_UNREADABLE', `images may be missing:\n${renderFindings(unreadable)}`, {
    hint: 'Fix these inputs, render them first, or name them in the .nodeseedignore of their directory.',
  })
}

/** Only what begins as a lock does is read for one: other inputs may be large, or be read once only. */
async function readLock(input: string): Promise<Lock | undefined> {
  if (input.endsWith('.lock')) {
    return readLockOf(input).catch((error) => {
      throw inputError(error)
    })
  }
  return (await beginsAsObject(input)) ? findLock(await readText(input), input) : undefined
}

/** Read as loose text, a lock would lose the digests that it fixes. @throws {ExpectedError} INPUT_INVALID */
function refusePipedLock({ uses }: InputScan): void {
  const piped = uses.filter(({ file, workload }) => file === nameOf('-') && workload.kind === '')
  const isOfLock = (place: string) => piped.some(({ path }) => path.join('.') === place)
  if (!isOfLock('images.0.reference') || !isOfLock('images.0.names.0')) return
  throw new ExpectedError('INPUT_INVALID', `${nameOf('-')}: a lock, which is read from a file`, {
    hint: 'Write it to a file, and name that.',
  })
}

/** The registries that a run may ask, as references name them. */
export function domainsOf({ references, locked }: ImagesToLock): string[] {
  return [...references, ...locked.map(({ reference }) => parseReference(reference))].map(({ domain }) => domain)
}
