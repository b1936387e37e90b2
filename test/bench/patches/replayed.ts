import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { measured } from './carried.ts'
import type { Replayed } from './measured-patch.ts'
import type { LayerWriter } from './writers.ts'

/** How exactly the layers of one writer are made again, and what that takes; seconds are of the processor. */
export interface WriterReplayed {
  readonly layers: number
  readonly replayed: number
  /** Bytes of the layers, and of those that can be made again. */
  readonly bytes: number
  readonly replayedBytes: number
  readonly policies: readonly string[]
  /** The largest share of tokens that were not foretold, and of a layer that its description takes. */
  readonly surprises: number
  readonly description: number
  readonly text: number
  readonly seconds: number
  readonly ownSeconds: number
}

export async function replay(writer: LayerWriter, tars: readonly string[], directory: string): Promise<WriterReplayed> {
  const file = join(directory, 'replayed')
  let [bytes, replayedBytes, replayed, text, seconds, ownSeconds, surprises, description] = [0, 0, 0, 0, 0, 0, 0, 0]
  const policies = new Set<string>()
  for (const tar of tars) {
    const own = await writer.write(tar, file)
    const { size } = await stat(file)
    bytes += size
    const result = await measured<Replayed>('replay', file)
    if (result.policy === undefined) continue
    replayed++
    replayedBytes += size
    policies.add(result.policy)
    text += result.text
    seconds += result.seconds
    ownSeconds += own
    surprises = Math.max(surprises, result.surprises)
    description = Math.max(description, result.description)
  }
  const counts = { layers: tars.length, replayed, bytes, replayedBytes, policies: [...policies] }
  return { ...counts, surprises, description, text, seconds, ownSeconds }
}
