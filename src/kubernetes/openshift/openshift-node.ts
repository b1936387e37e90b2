import type { Node } from 'kubernetes-types/core/v1.js'
import { kubeletMinor } from '../objects/node.ts'

/** The pool whose configuration a node has, as OpenShift's machine config daemon notes it: `rendered-<pool>-<hash>`. */
const CURRENT_CONFIG = 'machineconfiguration.openshift.io/currentConfig'

const ROLE = 'node-role.kubernetes.io/'

/** 4.21 is Kubernetes 1.34: every minor of OpenShift has one of Kubernetes. */
const MINOR_OF_4_0 = 13

/** Whether a node is one of OpenShift: it runs the CoreOS of Red Hat or CentOS, or says which system OpenShift knows it by. */
export function isOpenShift({ metadata, status }: Node): boolean {
  if (metadata?.labels?.['node.openshift.io/os_id'] !== undefined) return true
  if (metadata?.annotations?.[CURRENT_CONFIG] !== undefined) return true
  return /^(?:Red Hat Enterprise Linux|CentOS Stream) CoreOS/.test(status?.nodeInfo?.osImage ?? '')
}

/**
 * The machine config pool of a node of OpenShift: the one whose configuration it has, else that of its role, where a
 * custom role is beside `worker` and comes before it. Source: openshift/machine-config-operator, pkg/helpers, GetPoolsForNode.
 */
export function machineConfigPool({ metadata }: Node): string {
  const rendered = /^rendered-(.+)-[0-9a-f]+$/.exec(metadata?.annotations?.[CURRENT_CONFIG] ?? '')?.[1]
  if (rendered) return rendered
  const labels = Object.keys(metadata?.labels ?? {})
  const roles = labels.filter((key) => key.startsWith(ROLE)).map((key) => key.slice(ROLE.length))
  if (roles.includes('master') || roles.includes('control-plane')) return 'master'
  return roles.filter((role) => role !== 'worker').sort()[0] ?? 'worker'
}

/** The 21 of OpenShift 4.21, from the version of a node's kubelet; undefined where the node does not say. */
export function openShiftMinor(node: Node): number | undefined {
  const minor = kubeletMinor(node)
  return minor === undefined ? undefined : minor - MINOR_OF_4_0
}
