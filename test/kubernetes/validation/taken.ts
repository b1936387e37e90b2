import { C, container, cron, env, job, labelled, named, pod, port, spec, tolerate } from './objects.ts'

/** What looks odd, and is taken. */
export const TAKEN: readonly (readonly [what: string, object: object])[] = [
  ['a Deployment', pod({})],
  [
    'a StatefulSet that mounts a claim of its own',
    {
      ...spec(
        'StatefulSet',
        {
          volumeClaimTemplates: [
            {
              metadata: { name: 'v' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
        { containers: [{ ...C, volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
      ),
    },
  ],
  [
    'a ReplicationController that selects what it makes',
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'w' },
      spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [C] } } },
    },
  ],
  ['a CronJob', cron({ timeZone: 'Etc/UTC', schedule: '@daily' })],
  ['a schedule with names', cron({ schedule: '*/5 1-3,7 * JAN-MAR mon' })],
  ['an indexed Job', job('OnFailure', { completionMode: 'Indexed' })],
  ['a volume of no source', pod({ volumes: [{ name: 'v' }] })],
  [
    'a port on two protocols',
    port({ containerPort: 53, hostPort: 53, protocol: 'UDP' }, { containerPort: 53, hostPort: 53 }),
  ],
  ['the ports of a host network', pod({ hostNetwork: true, containers: [{ ...C, ports: [{ containerPort: 80 }] }] })],
  [
    'a probe by the name of a port',
    container({
      ports: [{ name: 'http', containerPort: 80 }],
      readinessProbe: { httpGet: { path: '/', port: 'http' } },
    }),
  ],
  [
    'a sidecar with a probe',
    pod({
      initContainers: [
        { name: 's', image: 'web:1', restartPolicy: 'Always', livenessProbe: { tcpSocket: { port: 1 } } },
      ],
    }),
  ],
  ['fields of null', pod({ volumes: null, nodeSelector: null, affinity: null, initContainers: null })],
  ['a variable with a point and a dash', env({ name: 'a.b-c', value: '' })],
  ['a label of nothing', labelled({ matchLabels: { app: 'a' } }, { app: 'a', empty: '' })],
  ['percentages', spec('Deployment', { strategy: { rollingUpdate: { maxSurge: '0%', maxUnavailable: '100%' } } })],
  ['all that is tolerated', tolerate({ operator: 'Exists' })],
  ['a name of an older Deployment', named('Deployment', 'web.v1')],
]
