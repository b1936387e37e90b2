import { Flags } from '@oclif/core'
import { ExpectedError } from '../errors.ts'
import type { Lock, LockedImage } from '../inventory.ts'
import { parseReference, type Reference } from '../oci/reference.ts'
import { readText } from './inputs.ts'
import { findLock, readLockOf } from './lock-file.ts'
import { repeatable } from './repeatable.ts'
import { imagesOf, scanInputs } from './scan-inputs.ts'

/** Flags that say which images are wanted besides those of the inputs. */
export const imageFlags = {
  image: repeatable({ description: 'take this image too (repeatable)', helpValue: 'REF' }),
  policy: Flags.string({ description: 'pull policies to take, comma separated', default: 'Never,IfNotPresent' }),
}

/** What inputs and flags ask for: references to look up, and images that a lock has fixed already. */
export interface WantedImages {
  readonly references: readonly Reference[]
  readonly locked: readonly LockedImage[]
}

/** @throws {ExpectedError} INPUT_INVALID when nothing asks for an image, and what reading inputs throws. */
export async function wantedImages(
  inputs: readonly string[],
  { image, policy }: { image: string[]; policy: string },
): Promise<WantedImages> {
  const locks = await Promise.all(inputs.map(readLock))
  const scan = await scanInputs(inputs.filter((_, index) => !locks[index]))
  const references = [...imagesOf(scan.uses, policy.split(',')), ...image].map(parseReference)
  const locked = locks.flatMap((lock) => lock?.images ?? [])
  if (references.length > 0 || locked.length > 0) return { references, locked }
  throw new ExpectedError(
    'INPUT_INVALID',
    `No image with policy ${policy} in ${inputs.join(', ') || 'the command line'}`,
    {
      hint: 'See what is there with: nodeseed scan INPUT...; take other policies with --policy, or name images with --image.',
    },
  )
}

/** Only what is named like a lock is read for one: other inputs may be large. */
async function readLock(input: string): Promise<Lock | undefined> {
  if (input.endsWith('.lock')) return readLockOf(input)
  return input.endsWith('.json') ? findLock(await readText(input), input) : undefined
}
