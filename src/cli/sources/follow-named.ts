import { namedCharts } from '../../discovery/charts/named-charts.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'
import { artifactDoor } from '../charts/artifact-door.ts'
import { type FollowNamed, followCharts } from '../charts/follow-charts.ts'
import { installsAt } from '../charts/input-address.ts'
import { isOfStore, openPlaces } from './open-places.ts'

/** Looks into charts that places of this machine have, and registries, unless none may be asked. */
export function followNamed(
  { from = [], offline = false }: { readonly from?: readonly string[]; readonly offline?: boolean },
  client: RegistryClient,
): FollowNamed {
  return async (scan, options) => {
    const { installs, artifacts } = namedCharts(options.gitops)
    const asked = await installsAt(options.addresses, options)
    if (asked.length + installs.length + artifacts.length === 0)
      return { scan, artifacts: new Map(), failures: [], charts: new Map() }
    // Stores of this machine hold images that run.
    const files = from.filter((place) => !isOfStore(place))
    const places = await openPlaces(files, [], { isQuiet: true })
    try {
      return await followCharts(scan, {
        ...options,
        asked,
        door: artifactDoor(client, places, offline),
        allowRemote: options.allowRemote === true && !offline,
      })
    } finally {
      for (const place of places) await place.close()
    }
  }
}
