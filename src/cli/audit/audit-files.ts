import { readdir, stat } from 'node:fs/promises'
import { join, parse } from 'node:path'
import type { Interfaces } from '@oclif/core'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../../errors.ts'
import { readAllDocuments } from '../../kubernetes/documents/document.ts'
import { type KubeletSettings, parseKubeletConfig } from '../../kubernetes/objects/kubelet-config.ts'
import { isObject, nameOfResource, resourcesOf } from '../../kubernetes/objects/resource.ts'
import { livePodProblem } from '../../kubernetes/validation/validate-live-pod.ts'
import { findParts, wholeName } from '../../layout/files/part-name.ts'
import { listNames } from '../../plural.ts'
import { signatureOf } from '../bundles/sign-bundle.ts'
import type { conditionFlags, sourceFlags } from '../flags/audit-flags.ts'
import { readText } from '../texts/read-text.ts'

/** What one node's runtime listed, in a file. */
export interface NodeListingText {
  readonly node: string
  readonly file: string
  readonly text: string
}

/**
 * The listings that `--images` names: `NODE=FILE`, or a directory whose files are called after their nodes
 * (`worker-1.json`). A directory may hold those of other nodes too.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE; USAGE for a node that there is not
 */
export async function readNodeListings(
  flags: readonly string[],
  nodes: ReadonlySet<string>,
): Promise<NodeListingText[]> {
  const files: { node: string; file: string }[] = []
  for (const flag of flags) {
    const at = flag.indexOf('=')
    const node = flag.slice(0, Math.max(at, 0))
    if (node !== '' && !nodes.has(node)) {
      throw new ExpectedError('USAGE', `--images ${flag}: there is no node ${node}`, {
        hint: `Name one of: ${listNames([...nodes].slice(0, 10))}.`,
      })
    }
    if (node !== '') files.push({ node, file: flag.slice(at + 1) })
    else files.push(...(await filesOfDirectory(flag)))
  }
  return Promise.all(files.map(async ({ node, file }) => ({ node, file, text: await readText(file) })))
}

/**
 * The pods of `kubectl get pods -A -o json`.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID when the file holds no list of pods, or one that no API server gives.
 */
export async function readPodsFile(file: string): Promise<Pod[]> {
  const documents = readAllDocuments(await readText(file), file)
  const resources = documents.flatMap(resourcesOf)
  const hint = 'Write the file with: kubectl get pods -A -o json > pods.json'
  const lists = documents.flatMap(({ value }) => itemsOf(value))
  if (lists.some((items) => !items.every(isObject))) {
    throw new ExpectedError('INPUT_INVALID', `${file}: an item of the list is no object`, { hint })
  }
  const pods = resources.filter(({ kind }) => kind === 'Pod')
  if (lists.length > 0 ? pods.length !== resources.length : pods.length === 0) {
    throw new ExpectedError('INPUT_INVALID', `${file}: holds no list of pods`, { hint })
  }
  for (const pod of pods) {
    const problem = livePodProblem(pod.value)
    if (problem) throw new ExpectedError('INPUT_INVALID', `${file}: ${nameOfResource(pod)}: ${problem}`, { hint })
  }
  return pods.map(({ value }) => value as unknown as Pod)
}

/** The items of a document that is a list. */
function itemsOf(value: unknown): readonly (readonly unknown[])[] {
  return isObject(value) && Array.isArray(value.items) ? [value.items] : []
}

/** @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID */
export async function readKubeletConfig(file: string): Promise<KubeletSettings> {
  const documents = readAllDocuments(await readText(file), file)
  const settings = documents.map(({ value }) => parseKubeletConfig(value)).find((found) => found !== undefined)
  if (settings) return settings
  throw new ExpectedError('INPUT_INVALID', `${file}: holds no KubeletConfiguration`, {
    hint: "Take a node's /var/lib/kubelet/config.yaml, or: kubectl get --raw /api/v1/nodes/NODE/proxy/configz",
  })
}

/** What an audit reads, files and directories, so that no report takes the place of one. */
export async function filesRead(inputs: readonly string[], flags: FileFlags): Promise<string[]> {
  const { nodes, pods, bundle, key, images, rules, values, placement, kubectl } = flags
  const listings = images.map((image) => (image.indexOf('=') > 0 ? image.slice(image.indexOf('=') + 1) : image))
  const bundles = [bundle, flags['newer-than']].filter((path) => path !== undefined)
  const parts = await Promise.all(bundles.map(findParts))
  const signatures = bundles.map((path) => signatureOf(wholeName(path)))
  const others = [nodes, pods, key, flags['policy-json'], rules, placement, flags['kubelet-config'], kubectl]
  const named = [...inputs, ...listings, ...values, ...others, ...signatures].filter((path) => path !== undefined)
  return [...named, ...parts.flat()]
}

type FileFlags = Interfaces.InferredFlags<typeof sourceFlags> & Interfaces.InferredFlags<typeof conditionFlags>

async function filesOfDirectory(directory: string): Promise<{ node: string; file: string }[]> {
  const isDirectory = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isDirectory) {
    throw new ExpectedError('INPUT_NOT_FOUND', `${directory}: neither NODE=FILE nor a directory`, {
      hint: 'Write --images worker-1=worker-1.json, or --images DIR with a file called after each node.',
    })
  }
  const names = await readdir(directory)
  return names.sort().map((name) => ({ node: parse(name).name, file: join(directory, name) }))
}
