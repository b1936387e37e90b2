import { cron, job, labelled, named, pod, rc, spec } from './objects.ts'

/** An object that an API server refuses, and what we say of it. */
export type Refused = readonly [what: string, object: object, said: string]

/** One row for each rule. Each was shown to an API server of Kubernetes 1.34. */
export const REFUSED_WORKLOADS: readonly Refused[] = [
  ['a selector of other labels', labelled({ matchLabels: { app: 'a' } }, { app: 'b' }), 'does not select the labels'],
  [
    'an expression of other labels',
    labelled({ matchExpressions: [{ key: 'x', operator: 'Exists' }] }, { a: 'b' }),
    'does not select',
  ],
  ['a template without labels', labelled({ matchLabels: { app: 'a' } }, {}), 'does not select the labels'],
  ['no selector', labelled(undefined, { app: 'a' }), 'spec.selector is missing'],
  ['an empty selector', labelled({}, { app: 'a' }), 'spec.selector is empty'],
  [
    'an expression without values',
    labelled({ matchExpressions: [{ key: 'app', operator: 'In' }] }, { app: 'a' }),
    'In wants values',
  ],
  [
    'an unknown operator',
    labelled({ matchExpressions: [{ key: 'app', operator: 'Is' }] }, { app: 'a' }),
    '"Is" is none of',
  ],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController'].flatMap((kind): Refused[] => [
    [
      `a ${kind} of pods that end`,
      rc(pod({ restartPolicy: 'Never' }, kind)),
      `Never is not Always, as a ${kind} wants`,
    ],
    [
      `a ${kind} of pods with a deadline`,
      rc(pod({ activeDeadlineSeconds: 5 }, kind)),
      'activeDeadlineSeconds cannot be set',
    ],
    [`a ${kind} whose name is none`, rc(named(kind, 'Web_1')), 'is no name that a'],
  ]),
  ['a Job without a restart policy', job(undefined), 'Always is neither Never nor OnFailure'],
  ['a Job of pods that go on', job('Always'), 'Always is neither Never nor OnFailure'],
  [
    'a Job with a selector',
    job('Never', { selector: { matchLabels: { a: 'b' } } }),
    'spec.selector is made for each Job',
  ],
  [
    'an indexed Job without completions',
    job('Never', { completionMode: 'Indexed', parallelism: 2 }),
    'spec.completions is missing',
  ],
  ['an unknown completion mode', job('Never', { completionMode: 'Index' }), '"Index" is none of'],
  ['a Job with a long name', { ...job('Never'), metadata: { name: 'x'.repeat(64) } }, 'is longer than the 63'],
  ['a CronJob of pods that go on', cron({}, {}), 'spec.jobTemplate.spec.template.spec.restartPolicy Always is neither'],
  ['no schedule', cron({ schedule: undefined }), 'spec.schedule is missing'],
  ['a schedule of four fields', cron({ schedule: '* * * *' }), 'is no cron schedule'],
  ['an hour that is none', cron({ schedule: '0 25 * * *' }), 'is no cron schedule'],
  ['an unknown time zone', cron({ timeZone: 'Europe/Atlantis' }), 'is no time zone'],
  ['an unknown concurrency policy', cron({ concurrencyPolicy: 'Never' }), 'is none of Allow'],
  ['a CronJob with a long name', { ...cron({}), metadata: { name: 'x'.repeat(53) } }, 'is longer than the 52'],
  ['a StatefulSet with a dotted name', named('StatefulSet', 'a.b'), 'is no name that a StatefulSet can have'],
  ['an object without a name', { ...pod({}), metadata: {} }, 'metadata.name is missing'],
  ['replicas below zero', spec('Deployment', { replicas: -1 }), 'spec.replicas -1 is less than 0'],
  ['replicas as a text', spec('Deployment', { replicas: '3' }), 'spec.replicas is "3", not an integer'],
  ['an unknown strategy', spec('Deployment', { strategy: { type: 'Rolling' } }), '"Rolling" is none of'],
  [
    'a strategy that contradicts itself',
    spec('Deployment', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    'is for the type RollingUpdate',
  ],
  [
    'an update that cannot go on',
    spec('Deployment', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
    'leaves neither',
  ],
  ['a deadline before it is ready', spec('Deployment', { minReadySeconds: 600 }), 'is not more than minReadySeconds'],
  ['a kind of another group', { ...pod({}), apiVersion: 'v1' }, 'there is no Deployment in "v1"'],
]
