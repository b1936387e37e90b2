// What a thread runs that scans parts of inputs: a file of its own, which needs nothing of the program around it.
import { parentPort, workerData } from 'node:worker_threads'
import type { DefinitionTrees } from '../../../discovery/defaults/definitions.ts'
import { type ManifestText, type PartOptions, scanPart } from './part-scan.ts'

/** One part for a thread. */
export interface PartJob {
  readonly id: number
  readonly part: ManifestText
  readonly known: DefinitionTrees
}

const options = workerData as PartOptions

parentPort?.on('message', ({ id, part, known }: PartJob) => {
  parentPort?.postMessage({ id, scan: scanPart(part, options, known) })
})
