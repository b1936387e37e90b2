import type { Container, Volume, VolumeMount } from 'kubernetes-types/core/v1.js'
import { type ToolArchitecture, toolFile } from '../../bundle/format/node-files.ts'

/** The program that a bundle carries, run in a pod without any image but the sandbox image. */
export interface CarriedProgram {
  /** The sandbox (pause) image, which every node has. */
  readonly sandboxImage: string
  /** Absolute path of the bundle: on the nodes, or inside the volume of a claim. */
  readonly bundlePath: string
  /** A PersistentVolumeClaim that holds the bundle; without one it lies on the nodes that are labelled so. */
  readonly claim: string | undefined
  /** What the program inside the bundle was built for. */
  readonly architecture: ToolArchitecture
}

const BUNDLE_DIRECTORY = '/nodeseed/bundle'
const PROGRAM_DIRECTORY = '/nodeseed/program'

/** Where the program is, once it is unpacked. */
export const PROGRAM = `${PROGRAM_DIRECTORY}/nodeseed`

/** Takes the program out of the bundle, to PROGRAM. */
export function unpackContainer(program: CarriedProgram): Container {
  const script = `tar -xOf "$1" ${toolFile(program.architecture)} | gzip -d > ${PROGRAM_DIRECTORY}/nodeseed && chmod 755 ${PROGRAM_DIRECTORY}/nodeseed`
  return {
    ...programContainer(program),
    name: 'unpack',
    command: ['/bin/sh', '-c', script, 'unpack'],
    args: [bundleFile(program)],
  }
}

/** What its containers have in common: the sandbox image, with the host's programs, and no rights. */
export function programContainer(program: CarriedProgram): Omit<Container, 'name'> {
  return {
    image: program.sandboxImage,
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }],
    securityContext: {
      runAsUser: 65534,
      runAsGroup: 65534,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: mounts(program),
  }
}

/** 64-bit x86 keeps its loader in a directory of its own. */
function hostDirectories({ architecture }: CarriedProgram): string[] {
  return ['/usr', '/bin', '/lib', ...(architecture === 'amd64' ? ['/lib64'] : [])]
}

function mounts(program: CarriedProgram): VolumeMount[] {
  return [
    ...hostDirectories(program).map((path) => ({
      name: `host${path.replace('/', '-')}`,
      mountPath: path,
      readOnly: true,
    })),
    { name: 'bundle', mountPath: BUNDLE_DIRECTORY, readOnly: true },
    { name: 'program', mountPath: PROGRAM_DIRECTORY },
  ]
}

export function programVolumes(program: CarriedProgram): Volume[] {
  const { claim, bundlePath } = program
  const directory = bundlePath.slice(0, bundlePath.lastIndexOf('/')) || '/'
  return [
    ...hostDirectories(program).map((path) => ({
      name: `host${path.replace('/', '-')}`,
      hostPath: { path, type: 'Directory' },
    })),
    claim
      ? { name: 'bundle', persistentVolumeClaim: { claimName: claim, readOnly: true } }
      : { name: 'bundle', hostPath: { path: directory, type: 'Directory' } },
    { name: 'program', emptyDir: {} },
  ]
}

/** Where the pod finds the bundle. */
export function bundleFile({ claim, bundlePath }: CarriedProgram): string {
  return claim
    ? `${BUNDLE_DIRECTORY}${bundlePath}`
    : `${BUNDLE_DIRECTORY}${bundlePath.slice(bundlePath.lastIndexOf('/'))}`
}
