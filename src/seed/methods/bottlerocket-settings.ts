import type { Mirror } from '../nodes/prepared-nodes.ts'

/**
 * Settings that make Bottlerocket pull every image from a mirror; images on its data volume need none.
 * Source: bottlerocket.dev, API reference 1.20, container-registry and pki.
 */
export function bottlerocketSettings({ url, ca }: Mirror): string {
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
