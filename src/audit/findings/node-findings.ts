import type { Node } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Finding } from '../../finding.ts'
import { deletesByAge } from '../../kubernetes/objects/kubelet-config.ts'
import { nameOfNode, platformOfNode } from '../../kubernetes/objects/node.ts'
import { objectsOf } from '../../kubernetes/objects/resource.ts'
import { type Conditions, kubeletOf } from '../facts/conditions.ts'
import { driftedDigest } from '../facts/drift.ts'
import type { ImageListing } from '../facts/node-images.ts'
import { nodeListings } from '../facts/node-listings.ts'
import { fitsPlatform } from '../facts/platform-blobs.ts'
import { canPin, parseMinor, parseRuntime } from '../facts/runtime-version.ts'
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
  for (const node of nodes) {
    const known = listingsOf(node)
    const listings = known.filter(({ isBundle }) => !isBundle)
    const promised = known.filter(({ isBundle }) => isBundle).flatMap(({ byName }) => [...byName.keys()])
    addReadiness(findings, node)
    addDrift(findings, node, listings, questions)
    if (!questions.conditions.assumeSeeded) addLostSeed(findings, node, { listings, promised }, questions)
    addGarbageCollection(findings, node, listings, questions)
    addCredentials(findings, node, questions)
  }
  return [...findings]
}

function addReadiness(findings: GroupedFindings, node: Node): void {
  const conditions = objectsOf(node.status?.conditions)
  if (conditions.some(({ type, status }) => type === 'DiskPressure' && status === 'True')) {
    const what = 'under disk pressure: the kubelet deletes all images that are neither used nor pinned'
    findings.add(nameOfNode(node), 'DISK_PRESSURE', what)
  }
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (!ready || ready.status === 'True') return
  findings.add(nameOfNode(node), 'NODE_NOT_READY', 'not ready')
}

function addDrift(
  findings: GroupedFindings,
  node: Node,
  listings: readonly ImageListing[],
  { locked }: NodeQuestions,
): void {
  for (const [name, image] of locked) {
    const listed = listings.find(({ byName }) => byName.has(name))?.byName.get(name)
    const digest = listed && driftedDigest(name, listed, image)
    if (!digest) continue
    const what = `${name} is ${digest} here, and ${image.target.digest} in the bundle`
    findings.add(nameOfNode(node), 'DRIFT', what)
  }
}

function addLostSeed(
  findings: GroupedFindings,
  node: Node,
  { listings, promised }: { listings: readonly ImageListing[]; promised: readonly string[] },
  { locked }: NodeQuestions,
): void {
  const platform = platformOfNode(node)
  for (const name of promised) {
    const image = locked.get(name)
    if (platform && image && !image.platforms.some((held) => fitsPlatform(held.platform, platform))) continue
    const lacking = listings.find((listing) => !listing.byName.has(name) && listing.gap(name) === undefined)
    if (!lacking) continue
    // What the runtime says is so; what the kubelet reports may be minutes behind.
    const severity = lacking.isFinal ? 'warning' : 'info'
    const what = `labelled as seeded, but ${name} is not among the images in ${lacking.source}`
    findings.add(nameOfNode(node), 'SEED_LOST', what, { severity })
    return
  }
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
  const kubelet = kubeletOf(conditions, name)
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
  const { credentialsVerification } = kubeletOf(conditions, name)
  if (credentialsVerification === 'AlwaysVerify' || credentialsVerification === 'NeverVerifyAllowlistedImages') {
    const what = `imagePullCredentialsVerificationPolicy is ${credentialsVerification}, which may ask a registry about seeded images`
    findings.add(name, 'CREDENTIALS_VERIFICATION', what)
    return
  }
  const [major = 0, minor = 0] = parseMinor(node.status?.nodeInfo?.kubeletVersion) ?? []
  if (credentialsVerification === 'NeverVerify' || major * 100 + minor < 135) return
  const what = 'an image that this kubelet once pulled with a Secret is asked for at the registry again (from 1.35 on)'
  findings.add(name, 'PULL_RECORDS', what)
}
