import { type Finding, finding } from '../../../finding.ts'
import { formatPlatform } from '../../../oci/platform.ts'
import { listNames } from '../../../plural.ts'
import type { Method, NodeAtHand, NodeRegistry } from '../contract/method.ts'

/** Images on its data volume, or a registry; it has no shell for a pod. */
export const bottlerocket = {
  name: 'bottlerocket',
  readme: { node: "Bottlerocket's data volume", how: '`sh seed.sh --method bake --root DIR BUNDLE`' },
  seeding: {
    by: 'operator',
    isReportedBy: ({ status }) => status?.nodeInfo?.osImage?.startsWith('Bottlerocket') ?? false,
    misfit: ({ status }) => `it runs ${status?.nodeInfo?.osImage || 'another system'}`,
    alternatives: ['bake'],
    hint: (platform, registry) =>
      registry
        ? `Apply the file in bottlerocket/: they pull from ${registry.url} then.`
        : `sh seed.sh --method bake --platform ${formatPlatform(platform)} --root DIR BUNDLE fills /var/lib/containerd on a volume that becomes the nodes' data volume.`,
    findings: snapshotters,
    files: (_nodes, _images, registry) =>
      registry ? [{ path: 'bottlerocket/settings.toml', content: settings(registry) }] : [],
  },
} as const satisfies Method

/** The first release of Bottlerocket 1 in which another snapshotter can be chosen. */
const CHOICE_OF_SNAPSHOTTER = 44

/**
 * That a data volume which is unpacked for one snapshotter is emptied at boot where the settings name another.
 * Source: bottlerocket-core-kit 582, the service that resets /var/lib/containerd.
 */
function snapshotters(nodes: readonly NodeAtHand[], registry: NodeRegistry | undefined): Finding[] {
  const able = nodes.filter(({ node }) => {
    const [, major = 1, minor = CHOICE_OF_SNAPSHOTTER] = (
      /^Bottlerocket OS (\d+)\.(\d+)/.exec(node.status?.nodeInfo?.osImage ?? '') ?? []
    ).map(Number)
    return major > 1 || minor >= CHOICE_OF_SNAPSHOTTER
  })
  if (able.length === 0 || registry) return []
  const message = `where these nodes are set to the SOCI snapshotter, they empty at boot a data volume that was filled for another: ${listNames(able.map(({ name }) => name))}`
  return [finding('BOTTLEROCKET_SNAPSHOTTER', message)]
}

/**
 * Settings that make Bottlerocket pull every image from a registry; images on its data volume need none.
 * Source: bottlerocket.dev, API reference 1.20, container-registry and pki.
 */
function settings({ url, ca }: NodeRegistry): string {
  return [
    '# Makes Bottlerocket pull from the registry that serves the bundle. As user data, or on a running node:',
    '# apiclient apply < settings.toml',
    '[[settings.container-registry.mirrors]]',
    'registry = "*"',
    `endpoint = [${JSON.stringify(url)}]`,
    ...(ca === undefined
      ? []
      : ['', '[settings.pki.nodeseed]', `data = "${Buffer.from(ca).toString('base64')}"`, 'trusted = true']),
    '',
  ].join('\n')
}
