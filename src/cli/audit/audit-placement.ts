import { lockedByName } from '../../audit/audit.ts'
import { compareSet } from '../../audit/facts/compare-set.ts'
import type { Conditions, PlacedSet } from '../../audit/facts/conditions.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { seedSetDigest } from '../../bundle/format/seed-set.ts'
import { ExpectedError } from '../../errors.ts'
import { isRecordedPlacement, type RecordedPlacement } from '../../seed/recorded-placement.ts'
import { PLACEMENT_FILE, readPlacementFile } from '../files/placement-file.ts'

type Placed = Required<Pick<Conditions, 'seedSets'>> & Pick<Conditions, 'placedSets'>

interface Assumed {
  readonly lock?: Lock | undefined
  readonly 'assume-seeded': boolean
}

/**
 * What the seed labels of a placement stand for, and what each node would hold once it was seeded. What seeding from the
 * bundle would bring is only known of a placement that was made of this bundle.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function readPlaced(directory: string, { lock, 'assume-seeded': isAssumed }: Assumed): Promise<Placed> {
  const placement = await readPlacementFile(directory, isRecordedPlacement, { mustBeListed: true })
  const seedSets = placement.sets.map(({ digest, images, digests }) => ({ digest, names: images, digests }))
  const placed = { seedSets, placedSets: placedSets(placement, lock && seedSetDigest(lock)) }
  if (!isAssumed || !lock) return placed
  const locked = lockedByName(lock.images)
  for (const set of seedSets) {
    const { absent, strangers } = compareSet(set, locked)
    const [other] = strangers
    const [lacking] = absent
    if (other === undefined && lacking === undefined) continue
    const how = other === undefined ? `it lacks ${lacking}` : `${other} is another image in it`
    throw new ExpectedError(
      'INPUT_INVALID',
      `${directory}/${PLACEMENT_FILE}: set ${set.digest} was made of another bundle than this one: ${how}`,
      { hint: 'Name the bundle that it was made of, or write the directory again with nodeseed seed.' },
    )
  }
  return placed
}

/** Nodes that are prepared by other means are to hold the whole bundle, and nobody labels them. */
function placedSets(
  { sets, nodes, prepared = [] }: RecordedPlacement,
  whole: string | undefined,
): ReadonlyMap<string, readonly PlacedSet[]> {
  const known = new Map(sets.map(({ digest, label }) => [digest, { digest, label }]))
  return new Map<string, readonly PlacedSet[]>([
    ...nodes.map(({ node, sets: own }) => [node, own.flatMap((digest) => known.get(digest) ?? [])] as const),
    ...prepared.map(({ node }) => [node, whole === undefined ? [] : [{ digest: whole }]] as const),
  ])
}
