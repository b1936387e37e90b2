import { taken } from '../../support/cluster.ts'

export const C = { name: 'c', image: 'web:1' }
export const volumes = [{ name: 'v', emptyDir: {} }]
export const pod = (spec: object, kind = 'Deployment') => taken(kind, { containers: [C], ...spec })
export const container = (more: object, spec: object = {}) => pod({ containers: [{ ...C, ...more }], ...spec })
export const spec = (kind: string, more: object, podSpec: object = {}) =>
  taken(kind, { containers: [C], ...podSpec }, more as object)
export const mount = (more: object) =>
  container({ volumeMounts: [{ name: 'v', mountPath: '/v', ...more }] }, { volumes })
export const volume = (more: object) => pod({ volumes: [{ name: 'v', ...more }] })
export const env = (more: object) => container({ env: [{ name: 'A', ...more }] })
export const port = (...ports: object[]) => container({ ports })
export const limits = (requests: object, most: object) => container({ resources: { requests, limits: most } })
export const tolerate = (more: object) => pod({ tolerations: [more] })
export const labelled = (selector: object | undefined, labels: object) => ({
  ...taken('Deployment', {}),
  spec: { selector, template: { metadata: { labels }, spec: { containers: [C] } } },
})
export const named = (kind: string, name: string) => ({ ...spec(kind, {}), metadata: { name } })
export const cron = (more: object, jobSpec: object = { restartPolicy: 'Never' }) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'w' },
  spec: {
    schedule: '0 3 * * *',
    jobTemplate: { spec: { template: { spec: { containers: [C], ...jobSpec } } } },
    ...more,
  },
})
export const job = (restartPolicy: string | undefined, more: object = {}) => ({
  ...taken('Job', {}),
  spec: { template: { spec: { containers: [C], restartPolicy } }, ...more },
})

export function mounts(): object {
  const one = { name: 'v', mountPath: '/v' }
  return container({ volumeMounts: [one, one] }, { volumes })
}

export function affine(requirement: object): object {
  return {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] },
      },
    },
  }
}

/** The selector of a ReplicationController is a map of labels. */
export function rc(object: object): object {
  const { kind, spec: own } = object as { kind: string; spec: { selector?: { matchLabels?: object } } }
  return kind === 'ReplicationController'
    ? { ...object, spec: { ...own, selector: own.selector?.matchLabels } }
    : object
}
