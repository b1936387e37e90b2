import type { Node } from 'kubernetes-types/core/v1.js'
import { ExpectedError } from '../../errors.ts'
import { normalizePlatform, type Platform } from '../../oci/platform.ts'
import { type Document, readAllDocuments, wholeOf } from '../documents/document.ts'
import { readIndentedList } from '../documents/indented-list.ts'
import { resourcesOf } from './resource.ts'

/**
 * The nodes of `kubectl get nodes -o json` or `-o yaml`.
 *
 * @throws {ExpectedError} INPUT_INVALID when the text holds no node.
 */
export function readNodes(text: string, file: string): Node[] {
  return nodesIn(readAllDocuments(text, file), file)
}

/**
 * The same of a file's bytes, most of which are read without a text of all of them. `decode` makes the text of others.
 *
 * @throws {ExpectedError} INPUT_INVALID when they hold no node.
 */
export function readNodesOf(bytes: Buffer, file: string, decode: (bytes: Buffer) => string): Node[] {
  const value = readIndentedList(bytes)
  if (!value) return readNodes(decode(bytes), file)
  const lineOf = () => 1
  const document = wholeOf({ form: 'manifest', file, line: 1, value, source: '', lineOf, textLineOf: lineOf })
  return nodesIn([document], file)
}

function nodesIn(documents: readonly Document[], file: string): Node[] {
  const resources = documents.flatMap(resourcesOf)
  const nodes = resources.filter(({ kind, apiVersion }) => kind === 'Node' && apiVersion === 'v1')
  if (nodes.length > 0) return nodes.map(({ value }) => value as unknown as Node)
  throw new ExpectedError('INPUT_INVALID', `${file}: holds no Node`, {
    hint: 'Write the file with: kubectl get nodes -o json > nodes.json',
  })
}

/** Empty for a node that has none, which no API server gives. */
export function nameOfNode(node: Node): string {
  return node.metadata?.name ?? ''
}

/** What the kubelet says it runs on; its labels where the status is missing. The API has no variant (arm/v6 and arm/v7 are both arm). */
export function platformOfNode({ status, metadata }: Node): Platform | undefined {
  const architecture = status?.nodeInfo?.architecture ?? metadata?.labels?.['kubernetes.io/arch']
  const os = status?.nodeInfo?.operatingSystem ?? metadata?.labels?.['kubernetes.io/os'] ?? 'linux'
  return architecture ? normalizePlatform({ os, architecture }) : undefined
}

/** The 34 of a kubelet v1.34.4; undefined where the node does not say. The API server is at least as new. */
export function kubeletMinor({ status }: Node): number | undefined {
  const minor = /^v1\.(\d+)/.exec(status?.nodeInfo?.kubeletVersion ?? '')?.[1]
  return minor === undefined ? undefined : Number(minor)
}

/** The highest {@link kubeletMinor} of some nodes, which their API server has at least; undefined where none tells. */
export function newestKubelet(nodes: readonly Node[]): number | undefined {
  return nodes.map(kubeletMinor).reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined)
}
