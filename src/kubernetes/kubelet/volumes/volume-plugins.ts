import type { Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { rowOf } from '../../documents/row-of.ts'
import { kubeletMinor } from '../../objects/node.ts'
import { objectsOf } from '../../objects/resource.ts'
import { mountedVolumes } from '../../pods/mounted-volumes.ts'

/**
 * Volumes that the API takes and kubelets no longer mount, by the first version without.
 * Source: kubernetes, CHANGELOG of each: removed in-tree volume plugins.
 */
const GONE: Readonly<Record<string, number>> = {
  photonPersistentDisk: 23,
  scaleIO: 22,
  flocker: 25,
  quobyte: 25,
  storageos: 25,
  glusterfs: 26,
  cephfs: 31,
  rbd: 31,
}

/** What a node must have for them beside its kubelet, which no node tells. */
const NEEDS: Readonly<Record<string, string>> = {
  flexVolume: 'a FlexVolume driver',
  fc: 'a Fibre Channel adapter',
  azureFile: 'the CSI driver of Azure Files',
}

/** From this version on kubelets clone no repositories unless they are told to. Source: kubernetes KEP-5040. */
const GIT_REPO_OFF = 33

interface PluginTrouble {
  readonly message: string
  readonly isCertain: boolean
}

/** Whether a pod mounts such volumes. */
export function mountsOldVolumes(spec: PodSpec): boolean {
  return sourcesIn(spec).length > 0
}

/** The volumes of a pod that the kubelet of a node does not mount, or may not. `gates` are its feature gates. */
export function volumePlugins(
  spec: PodSpec,
  node: Node,
  gates: Readonly<Record<string, boolean>>,
): readonly PluginTrouble[] {
  const minor = kubeletMinor(node)
  return sourcesIn(spec).flatMap(({ name, source }): PluginTrouble[] => {
    const gone = rowOf(GONE, source)
    if (gone !== undefined) {
      const message = `volume ${name}: kubelets mount no ${source} from Kubernetes 1.${gone} on (FailedMount)`
      return [{ message, isCertain: minor !== undefined && minor >= gone }]
    }
    if (source !== 'gitRepo') {
      return [
        { message: `volume ${name} needs ${rowOf(NEEDS, source)} on the node, and nobody tells`, isCertain: false },
      ]
    }
    const isOn = gates.GitRepoVolumeDriver ?? (minor !== undefined && minor < GIT_REPO_OFF)
    return isOn
      ? []
      : [{ message: `volume ${name}: gitRepo is off by default from Kubernetes 1.33 on`, isCertain: false }]
  })
}

function sourcesIn(spec: PodSpec): { readonly name: string; readonly source: string }[] {
  const mounted = mountedVolumes(spec)
  return objectsOf(spec.volumes).flatMap((volume) => {
    const source = Object.keys(volume).find(isOld)
    return source !== undefined && mounted.has(volume.name) ? [{ name: volume.name, source }] : []
  })
}

function isOld(source: string): boolean {
  return source === 'gitRepo' || rowOf(GONE, source) !== undefined || rowOf(NEEDS, source) !== undefined
}
