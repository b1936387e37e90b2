import type { Node, NodeCondition } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Finding } from '../../finding.ts'
import { deletesByAge } from '../../kubernetes/objects/kubelet-config.ts'
import { kubeletMinor, nameOfNode, platformOfNode } from '../../kubernetes/objects/node.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import { type Conditions, kubeletOf } from '../facts/conditions.ts'
import { driftedDigest } from '../facts/images/drift.ts'
import type { ImageListing } from '../facts/images/node-images.ts'
import { type FailingImages, failingImages } from '../facts/live/failing-images.ts'
import { nodeListings } from '../facts/node-listings.ts'
import { fitsPlatform } from '../facts/platform-blobs.ts'
import { canPin, parseRuntime } from '../facts/runtime-version.ts'
import { GroupedFindings } from './grouped-findings.ts'

interface NodeQuestions {
  readonly locked: ReadonlyMap<string, LockedImage>
  /** The images that workloads need, in CRI form. */
  readonly needed: ReadonlySet<string>
  readonly conditions: Conditions
}

/** What is wrong with nodes, or will be, whatever the pods. */
export function nodeFindings(nodes: readonly Node[], questions: NodeQuestions): Finding[] {
  const findings = new GroupedFindings()
  const listingsOf = nodeListings(questions.locked, questions.conditions)
  const failing = failingImages(questions.conditions.livePods ?? [])
  const tellReady = nodes.some((node) => readyOf(node))
  for (const node of nodes) {
    const known = listingsOf(node)
    const listings = known.filter(({ isBundle, isAssumed }) => !isBundle && !isAssumed)
    const promised = new Set(known.flatMap((listing) => (listing.isBundle ? [...listing.byName.keys()] : [])))
    addReadiness(findings, node, tellReady)
    addDrift(findings, node, listings, questions)
    addLostSeed(findings, node, { listings, promised }, { ...questions, failing })
    addGarbageCollection(findings, node, listings, questions)
    addCredentials(findings, node, questions)
  }
  return [...findings]
}

const NOT_JOINED = 'has no Ready condition, as if no kubelet had registered it: what lands there does not start'
const JOIN_HINT = 'Wait until its kubelet has joined, and read the nodes again; or delete the Node.'

function readyOf({ status }: Node): NodeCondition | undefined {
  return objectsOf(status?.conditions).find(({ type }) => type === 'Ready')
}

/** Every kubelet says whether its node is ready as it registers it. `tellReady`: some node in the list says it. */
function addReadiness(findings: GroupedFindings, node: Node, tellReady: boolean): void {
  const conditions = objectsOf(node.status?.conditions)
  if (conditions.some(({ type, status }) => type === 'DiskPressure' && status === 'True')) {
    const what = 'under disk pressure: the kubelet deletes all images that are neither used nor pinned'
    findings.add(nameOfNode(node), 'DISK_PRESSURE', what)
  }
  const ready = readyOf(node)
  const name = nameOfNode(node)
  if (ready?.status === 'True') return
  if (ready) findings.add(name, 'NODE_NOT_READY', 'not ready')
  else if (tellReady) findings.add(name, 'NODE_NOT_READY', NOT_JOINED, { hint: JOIN_HINT })
  else findings.add(name, 'NODE_READINESS_UNKNOWN', 'the list does not tell whether it is ready')
}

function addDrift(
  findings: GroupedFindings,
  node: Node,
  listings: readonly ImageListing[],
  { locked }: NodeQuestions,
): void {
  for (const [name, image] of locked) {
    const listing = listings.find(({ byName }) => byName.has(name))
    const digest = listing && driftedDigest(name, listing, image)
    if (!digest) continue
    const what = `${name} is ${digest} here, and ${image.target.digest} in the bundle`
    findings.add(nameOfNode(node), 'DRIFT', what)
  }
}

/** What a label promises, and a complete list or a failing pod shows not to be there. */
function addLostSeed(
  findings: GroupedFindings,
  node: Node,
  { listings, promised }: { listings: readonly ImageListing[]; promised: ReadonlySet<string> },
  { locked, failing }: NodeQuestions & { failing: FailingImages },
): void {
  const platform = platformOfNode(node)
  const fits = (name: string) => {
    const image = locked.get(name)
    return !platform || !image || image.platforms.some((held) => fitsPlatform(held.platform, platform))
  }
  const lacks = ({ byName, gap }: ImageListing, name: string) => !byName.has(name) && gap(name) === undefined
  const isFailing = (name: string) => failing.get(nameOfNode(node))?.get(name)?.isAbsence ?? false
  const lost = [...promised].filter(
    (name) => fits(name) && (isFailing(name) || listings.some((listing) => lacks(listing, name))),
  )
  const [first] = lost
  if (first === undefined) return
  const source = listings.find((listing) => lacks(listing, first))?.source
  const where = source ? `is not among the images in ${source}` : 'is not there for a pod that fails now'
  const more = lost.length > 1 ? ` (nor are ${lost.length - 1} more)` : ''
  findings.add(nameOfNode(node), 'SEED_LOST', `labelled as seeded, but ${first} ${where}${more}`)
}

function addGarbageCollection(
  findings: GroupedFindings,
  node: Node,
  listings: readonly ImageListing[],
  { needed, conditions }: NodeQuestions,
): void {
  const name = nameOfNode(node)
  const version = node.status?.nodeInfo?.containerRuntimeVersion
  const runtime = parseRuntime(version)
  const kubelet = kubeletOf(conditions, node)
  if (runtime && canPin(runtime) === false && kubelet.imageGcHighThreshold < 100) {
    findings.add(name, 'RUNTIME_CANNOT_PIN', `${version} cannot keep images from garbage collection`)
  }
  const unpinned = listings.flatMap(({ images }) =>
    images.filter((image) => image.isPinned === false && image.names.some((one) => needed.has(one))),
  )
  if (unpinned.length > 0) {
    findings.add(name, 'IMAGES_NOT_PINNED', 'needed images are not pinned, a full disk deletes them')
  }
  if (deletesByAge(kubelet)) {
    const what = `imageMaximumGCAge is ${kubelet.imageMaximumGcAge}: images that were never used count as older`
    findings.add(name, 'IMAGE_MAXIMUM_GC_AGE', what)
  }
}

function addCredentials(findings: GroupedFindings, node: Node, { conditions }: NodeQuestions): void {
  const name = nameOfNode(node)
  const { credentialsVerification } = kubeletOf(conditions, node)
  if (credentialsVerification === 'AlwaysVerify' || credentialsVerification === 'NeverVerifyAllowlistedImages') {
    const what = `imagePullCredentialsVerificationPolicy is ${credentialsVerification}, which may ask a registry about seeded images`
    findings.add(name, 'CREDENTIALS_VERIFICATION', what)
    return
  }
  if (credentialsVerification === 'NeverVerify' || kubeletMinor(node) === undefined) return
  const what = 'an image that this kubelet once pulled with a Secret is asked for at the registry again (from 1.35 on)'
  findings.add(name, 'PULL_RECORDS', what)
}
