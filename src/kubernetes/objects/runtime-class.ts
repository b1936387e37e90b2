import type { Toleration } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { isObject, objectsOf, type Resource } from './resource.ts'

/** What a RuntimeClass adds to the pods that name it. */
export interface RuntimeClass {
  readonly name: string
  /** What runtimes call it. */
  readonly handler: string
  readonly nodeSelector: Readonly<Record<string, string>>
  readonly tolerations: readonly Toleration[]
  readonly overhead: Readonly<Record<string, string>> | undefined
}

/** The RuntimeClass that a resource is, or undefined. */
export function runtimeClassOf({ apiVersion, kind, name, value }: Resource): RuntimeClass | undefined {
  if (kind !== 'RuntimeClass' || !apiVersion.startsWith('node.k8s.io/')) return undefined
  const selector = valueAt(value, ['scheduling', 'nodeSelector'])
  const overhead = valueAt(value, ['overhead', 'podFixed'])
  return {
    name,
    handler: typeof value.handler === 'string' ? value.handler : '',
    nodeSelector: isObject(selector) ? (selector as Record<string, string>) : {},
    tolerations: objectsOf(valueAt(value, ['scheduling', 'tolerations']) as Toleration[] | undefined),
    overhead: isObject(overhead) ? (overhead as Record<string, string>) : undefined,
  }
}
