import { rowOf } from '../documents/row-of.ts'

/** The kinds that have pods, as every Kubernetes from 1.25 on serves them. Source: k8s.io/api 1.38. */
const SERVED: Readonly<Record<string, string>> = {
  Pod: 'v1',
  PodTemplate: 'v1',
  ReplicationController: 'v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
}

/** Versions that an older Kubernetes served, and the first that does not. Source: the deprecation guide of kubernetes.io. */
const REMOVED: Readonly<Record<string, string>> = {
  'extensions/v1beta1 Deployment': '1.16',
  'extensions/v1beta1 DaemonSet': '1.16',
  'extensions/v1beta1 ReplicaSet': '1.16',
  'apps/v1beta1 Deployment': '1.16',
  'apps/v1beta1 StatefulSet': '1.16',
  'apps/v1beta2 Deployment': '1.16',
  'apps/v1beta2 StatefulSet': '1.16',
  'apps/v1beta2 DaemonSet': '1.16',
  'apps/v1beta2 ReplicaSet': '1.16',
  'batch/v1beta1 CronJob': '1.25',
  'batch/v2alpha1 CronJob': '1.21',
}

/** Why a kind of Kubernetes' own is not served under an apiVersion; `since` where older versions served it. */
export function unserved(apiVersion: string, kind: string): { message: string; since?: string } | undefined {
  const served = rowOf(SERVED, kind)
  if (served === undefined || served === apiVersion) return undefined
  const since = REMOVED[`${apiVersion} ${kind}`]
  if (since === undefined) return { message: `there is no ${kind} in ${JSON.stringify(apiVersion)}; it is ${served}` }
  return { message: `Kubernetes ${since} and newer serve no ${kind} in ${apiVersion}; it is ${served} there`, since }
}
