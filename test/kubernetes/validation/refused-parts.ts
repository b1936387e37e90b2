import { C, container, limits, pod } from './objects.ts'
import type { Refused } from './refused-workloads.ts'

const WINDOWS = { os: { name: 'windows' } }
const LINUX = { os: { name: 'linux' } }
const profile = (key: string, value: object) => ({ securityContext: { [key]: value } })
const whole = (resources: object, own: object = {}) => pod({ resources, containers: [{ ...C, resources: own }] })

const apparmor = (name: string) => `container.apparmor.security.beta.kubernetes.io/${name}`
const ownProfile = (type: string, localhostProfile?: string) =>
  profile('appArmorProfile', { type, ...(localhostProfile && { localhostProfile }) })
const annotated = (annotations: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'w', annotations },
  spec: { containers: [{ ...C, ...more }] },
})

/** Rules that were read in the API server's source, one row for each; shown to Kubernetes 1.34 with image volumes on. */
export const REFUSED_PARTS: readonly Refused[] = [
  [
    'huge pages alone',
    limits({ 'hugepages-2Mi': '2Mi' }, { 'hugepages-2Mi': '2Mi' }),
    'has huge pages without cpu or memory',
  ],
  ['a device of the pod', whole({ limits: { 'x.io/gpu': '1' } }), 'is no resource of a pod as a whole'],
  [
    'a pod that requests less than its containers',
    whole({ requests: { cpu: '1' } }, { requests: { cpu: '2' } }),
    'is less than its containers request together',
  ],
  [
    'a container that may have more than its pod',
    whole({ limits: { memory: '1Gi' } }, { limits: { memory: '2Gi' } }),
    'is less than the limit of container c',
  ],
  [
    'a seccomp profile without a name',
    pod(profile('seccompProfile', { type: 'Localhost' })),
    'localhostProfile is missing',
  ],
  [
    'an AppArmor profile without a name',
    container(profile('appArmorProfile', { type: 'Localhost' })),
    'containers[0].securityContext.appArmorProfile.localhostProfile is missing',
  ],
  [
    'an AppArmor annotation of no profile',
    annotated({ [apparmor('c')]: 'web' }),
    'annotations["container.apparmor.security.beta.kubernetes.io/c"] "web" is no AppArmor profile',
  ],
  ['an AppArmor annotation of no container', annotated({ [apparmor('d')]: 'unconfined' }), 'the pod does not have'],
  [
    'an AppArmor annotation beside another field',
    annotated({ [apparmor('c')]: 'runtime/default' }, ownProfile('Unconfined')),
    'is not the appArmorProfile of the container',
  ],
  [
    'an AppArmor annotation beside the field of another profile',
    annotated({ [apparmor('c')]: 'localhost/web' }, ownProfile('Localhost', 'shop')),
    'is not the appArmorProfile of the container',
  ],
  [
    'a cost that is no integer',
    annotated({ 'controller.kubernetes.io/pod-deletion-cost': '1.5' }),
    '"1.5" is no 32-bit integer',
  ],
  [
    'a name for a profile that has none',
    container(profile('seccompProfile', { type: 'RuntimeDefault', localhostProfile: 'x' })),
    'is for the type Localhost',
  ],
  [
    'a process of a Windows host without its network',
    container(profile('windowsOptions', { hostProcess: true })),
    'hostNetwork is not true',
  ],
  [
    'processes of a Windows host beside others',
    pod({
      hostNetwork: true,
      containers: [
        { ...C, ...profile('windowsOptions', { hostProcess: true }) },
        { ...C, name: 'd' },
      ],
    }),
    'are not all hostProcess',
  ],
  ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities'].map(
    (key): Refused => [
      `${key} of a container for Windows`,
      container(profile(key, { type: 'RuntimeDefault' }), WINDOWS),
      `containers[0].securityContext.${key} cannot be set for os windows`,
    ],
  ),
  ...['readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation'].map(
    (key): Refused => [
      `${key} of a container for Windows`,
      container({ securityContext: { [key]: false } }, WINDOWS),
      `containers[0].securityContext.${key} cannot be set for os windows`,
    ],
  ),
  ...['hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'].map(
    (key): Refused => [`${key} for Windows`, pod({ ...WINDOWS, [key]: true }), `${key} cannot be set for os windows`],
  ),
  ...['runAsUser', 'runAsGroup', 'fsGroup'].map(
    (key): Refused => [
      `${key} of a pod for Windows`,
      pod({ ...WINDOWS, securityContext: { [key]: 1 } }),
      `securityContext.${key} cannot be set for os windows`,
    ],
  ),
  [
    'sysctls for Windows',
    pod({ ...WINDOWS, securityContext: { sysctls: [{ name: 'net.x', value: '1' }] } }),
    'sysctls cannot be set',
  ],
  [
    'resources of a whole pod for Windows',
    pod({ ...WINDOWS, resources: { limits: { cpu: '1' } } }),
    'resources cannot be set',
  ],
  [
    'options of Windows for Linux',
    pod({ ...LINUX, ...profile('windowsOptions', {}) }),
    'windowsOptions cannot be set for os linux',
  ],
  [
    'options of Windows in a container for Linux',
    container(profile('windowsOptions', {}), LINUX),
    'containers[0].securityContext.windowsOptions cannot be set for os linux',
  ],
  [
    'an unmasked /proc of the host',
    container({ securityContext: { procMount: 'Unmasked' } }),
    'wants hostUsers: false',
  ],
  [
    'a volume of no image',
    pod({ volumes: [{ name: 'v', image: {} }] }, 'Pod'),
    'volumes[0].image.reference is missing',
  ],
]

/** What they have beside them that is taken. */
export const TAKEN_PARTS: readonly (readonly [what: string, object: object])[] = [
  ['an AppArmor annotation', annotated({ [apparmor('c')]: 'localhost/web' })],
  [
    'one that says what the field says',
    annotated({ [apparmor('c')]: 'localhost/web' }, ownProfile('Localhost', 'web')),
  ],
  ['an empty AppArmor annotation', annotated({ [apparmor('c')]: '' })],
  ['what a pod costs', annotated({ 'controller.kubernetes.io/pod-deletion-cost': '-5' })],
  ['huge pages with memory', limits({ 'hugepages-2Mi': '2Mi' }, { 'hugepages-2Mi': '2Mi', memory: '1Gi' })],
  ['a pod that requests what its containers do', whole({ requests: { cpu: '2' } }, { requests: { cpu: '2' } })],
  ['a pod with a limit of its own', whole({ limits: { memory: '2Gi' } }, { limits: { memory: '2Gi' } })],
  ['a profile of the node', pod(profile('seccompProfile', { type: 'Localhost', localhostProfile: 'x.json' }))],
  ['a volume of no image in a template', pod({ volumes: [{ name: 'v', image: {} }] })],
  ['an unmasked /proc of its own', container({ securityContext: { procMount: 'Unmasked' } }, { hostUsers: false })],
  ['a user of Windows', pod({ ...WINDOWS, ...profile('windowsOptions', { runAsUserName: 'u' }) })],
  ['what Windows leaves', pod({ ...WINDOWS, hostPID: false, securityContext: { runAsNonRoot: true, sysctls: [] } })],
  ['a user of Linux', pod({ ...LINUX, securityContext: { runAsUser: 1 } })],
  [
    'a process of a Windows host',
    pod({ hostNetwork: true, securityContext: { windowsOptions: { hostProcess: true } } }),
  ],
]
