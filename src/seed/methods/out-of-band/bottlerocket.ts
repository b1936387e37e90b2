import { formatPlatform } from '../../../oci/platform.ts'
import type { Method, NodeRegistry } from '../contract/method.ts'

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
    files: (_nodes, _images, registry) =>
      registry ? [{ path: 'bottlerocket/settings.toml', content: settings(registry) }] : [],
  },
} as const satisfies Method

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
