import type { BigIntStats } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds in which a second write may leave the time of change that the first one left: clocks of files are coarse. */
const TICK = 20

let unequal = 0

/** Another text once anything may have been written to these files; equal to none while something is. */
export async function versionOf(readStats: () => Promise<readonly BigIntStats[]>): Promise<string> {
  let states = await readStats()
  if (states.some(isFresh)) {
    await sleep(2 * TICK)
    states = await readStats()
    if (states.some(isFresh)) return `written to ${unequal++}`
  }
  // The time of change cannot be set back, as that of modification can.
  return states.map(({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join('/')).join(' ')
}

function isFresh({ ctimeMs }: BigIntStats): boolean {
  return Math.abs(Date.now() - Number(ctimeMs)) < TICK
}
