import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'

/** A port of the node that a pod takes for itself. */
export interface HostPort {
  readonly protocol: string
  readonly port: number
  /** `0.0.0.0` for every address. */
  readonly address: string
}

const EVERY_ADDRESS = '0.0.0.0'

/** The node's ports that a pod takes, those of sidecars too. With hostNetwork each container port is one. */
export function hostPorts(spec: PodSpec): HostPort[] {
  const sidecars = objectsOf(spec.initContainers).filter(
    (container) => (container as { restartPolicy?: string }).restartPolicy === 'Always',
  )
  return [...objectsOf(spec.containers), ...sidecars].flatMap(({ ports }) =>
    objectsOf(ports).flatMap(({ hostPort, containerPort, protocol, hostIP }): HostPort[] => {
      const port = hostPort || (spec.hostNetwork ? containerPort : 0)
      return port ? [{ protocol: protocol || 'TCP', port, address: hostIP || EVERY_ADDRESS }] : []
    }),
  )
}

/** Whether two pods cannot both have these ports. Source: kubernetes 1.36, framework.HostPortInfo.CheckConflict. */
export function conflicts(a: HostPort, b: HostPort): boolean {
  const meets = a.address === b.address || a.address === EVERY_ADDRESS || b.address === EVERY_ADDRESS
  return meets && a.port === b.port && a.protocol === b.protocol
}

/** `8080/TCP`, with the address where it is not every one. */
export function formatHostPort({ protocol, port, address }: HostPort): string {
  return address === EVERY_ADDRESS ? `${port}/${protocol}` : `${address}:${port}/${protocol}`
}
