import type { Node } from 'kubernetes-types/core/v1.js'
import { renderYaml } from '../../../kubernetes/documents/render.ts'
import type { GeneratedFile } from '../../files/generated-file.ts'
import type { NodeAtHand, NodeRegistry } from '../contract/method.ts'

/** The oldest Talos that understands a form of the machine configuration. */
export type TalosFeatures = 'v1.9' | 'v1.14'

const MIB = 1024 * 1024
/** What Talos gives the volume when nothing is said. */
const LEAST_VOLUME = 500
/** What a file system takes of a volume, as Talos's own imager reckons it. */
const OVERHEAD = 1.2

/**
 * How a node configures its image cache: 1.9 brought it, 1.14 made it a document of its own. Undefined for older ones.
 * Source: siderolabs/talos v1.9.0 and main ad882317, pkg/machinery/config/types.
 */
export function talosFeatures({ status }: Node): TalosFeatures | undefined {
  const [, major = '0', minor = '0'] = /\(v(\d+)\.(\d+)/.exec(status?.nodeInfo?.osImage ?? '') ?? []
  const version = Number(major) * 1000 + Number(minor)
  if (version >= 1014) return 'v1.14'
  return version >= 1009 ? 'v1.9' : undefined
}

/** The patch of the machine configuration that makes Talos nodes use an image cache of so many bytes, or a mirror. */
export function talosConfig(
  features: TalosFeatures,
  nodes: readonly NodeAtHand[],
  bytes: number,
  registry: NodeRegistry | undefined,
): GeneratedFile {
  const what = registry ? 'registry-mirror' : 'image-cache'
  const path = `talos/${what}-${features}.yaml`
  const range = features === 'v1.9' ? 'Talos 1.9 to 1.13' : 'Talos 1.14 and newer'
  const addresses = nodes.map(({ name }) => name).join(',')
  const apply = `  talosctl patch machineconfig --nodes ${addresses} --patch @${path}`
  if (registry) {
    const comment = `Makes ${range} pull from the registry that serves the bundle:\n${apply}`
    return { path, content: renderYaml(comment, mirrorDocuments(features, registry)) }
  }
  const comment = [
    `Makes ${range} use an image cache that holds the bundle:`,
    `  sh seed.sh --method talos --platform PLATFORM --root usb/imagecache BUNDLE`,
    apply,
    'The directory imagecache is found on a FAT or ISO 9660 volume whose label begins with TALOS_: a stick, or',
    '  xorriso -as mkisofs -r -V TALOS_NODESEED -o cache.iso usb',
    'From there Talos copies it into the volume IMAGECACHE, which is made where the disk has room for it: on a disk that',
    'is in use up to its end, name another in diskSelector, or leave that document out and the stick in.',
    'For boot media of the imager (its --image-cache) instead: the first command with --layout oci --root image-cache.oci.',
    'Whether it is there: talosctl get imagecacheconfig. "talosctl image cache-serve" reads the directory too.',
  ].join('\n')
  return { path, content: renderYaml(comment, [...cacheDocuments(features), volumeDocument(bytes)]) }
}

function cacheDocuments(features: TalosFeatures): object[] {
  if (features === 'v1.14') return [{ apiVersion: 'v1alpha1', kind: 'ImageCacheConfig', local: { enabled: true } }]
  return [{ machine: { features: { imageCache: { localEnabled: true } } } }]
}

/** Twice the size that this bundle needs, where the disk has it: the next one will not be smaller. */
function volumeDocument(bytes: number): object {
  const needed = Math.max(Math.ceil((bytes * OVERHEAD) / MIB), LEAST_VOLUME)
  return {
    apiVersion: 'v1alpha1',
    kind: 'VolumeConfig',
    name: 'IMAGECACHE',
    provisioning: {
      diskSelector: { match: 'system_disk' },
      minSize: `${needed}MiB`,
      maxSize: `${2 * needed}MiB`,
    },
  }
}

function mirrorDocuments(features: TalosFeatures, { url, ca }: NodeRegistry): object[] {
  const { host } = new URL(url)
  if (features === 'v1.14') {
    return [
      { apiVersion: 'v1alpha1', kind: 'RegistryMirrorConfig', name: '*', endpoints: [{ url }], skipFallback: true },
      ...(ca === undefined ? [] : [{ apiVersion: 'v1alpha1', kind: 'RegistryTLSConfig', name: host, ca }]),
    ]
  }
  const config = { [host]: { tls: { ca: Buffer.from(ca ?? '').toString('base64') } } }
  const registries = { mirrors: { '*': { endpoints: [url], skipFallback: true } }, ...(ca !== undefined && { config }) }
  return [{ machine: { registries } }]
}
