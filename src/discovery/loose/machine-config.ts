import type { Path } from '../../kubernetes/documents/path.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { matchPath, parsePath } from '../rules/path-pattern.ts'

/** Where the configuration of a Talos machine names manifests of other addresses. Source: https://docs.siderolabs.com/talos/ */
const MANIFESTS = ['cluster.extraManifests[*]', 'cluster.network.cni.urls[*]'].map(parsePath)

/** The manifests that Talos fetches and applies as it starts a cluster. */
export function machineManifests(value: unknown): { readonly what: string; readonly path: Path }[] {
  return MANIFESTS.flatMap((pattern) =>
    matchPath(value, pattern).flatMap((path) => {
      const address = valueAt(value, path)
      return typeof address === 'string' && address.includes('://')
        ? [{ what: `the manifests of ${address}`, path }]
        : []
    }),
  )
}
