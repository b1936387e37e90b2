import { expect, test } from 'vitest'
import { kubeadmParts, kubernetesVersion, lastPatchOf } from '../../src/discovery/kubeadm/kubeadm-versions.ts'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { scanText } from '../support/scan-text.ts'

const images = (text: string) =>
  scanText(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference }) => reference)
const omissions = (text: string) => scanText(text).findings.map(({ code, message }) => `${code} ${message}`)

const CONFIG = (fields: string) => `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n${fields}\n`

const CONTROL = (version: string, repository: string) =>
  ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map(
    (name) => `${repository}/${name}:${version}`,
  )

test('the images of a version are those that kubeadm lists', () => {
  const text = CONFIG('kubernetesVersion: v1.34.1')
  expect(images(text)).toEqual([
    ...CONTROL('v1.34.1', 'registry.k8s.io'),
    'registry.k8s.io/coredns/coredns:v1.12.1',
    'registry.k8s.io/pause:3.10.1',
    'registry.k8s.io/etcd:3.6.4-0',
  ])
  expect(omissions(text)).toEqual([])
})

test('another repository holds all of them, CoreDNS too', () => {
  expect(images(CONFIG('kubernetesVersion: "1.31.14"\nimageRepository: x.io/k8s/'))).toEqual([
    ...CONTROL('v1.31.14', 'x.io/k8s'),
    'x.io/k8s/coredns:v1.11.3',
    'x.io/k8s/pause:3.10',
    'x.io/k8s/etcd:3.5.24-0',
  ])
})

test.for<[why: string, fields: string, images: string[]]>([
  ['a tag of CoreDNS', 'dns: {imageRepository: x.io/dns, imageTag: v1.9}', ['x.io/dns/coredns:v1.9']],
  ['a tag of etcd', 'etcd: {local: {imageRepository: x.io/db, imageTag: 3.6.9-0}}', ['x.io/db/etcd:3.6.9-0']],
  ['etcd outside', 'etcd: {external: {endpoints: ["https://db:2379"]}}', ['registry.k8s.io/coredns/coredns:v1.12.1']],
  ['no proxy', 'proxy: {disabled: true}', ['registry.k8s.io/pause:3.10.1']],
  ['no DNS', 'dns: {disabled: true}', ['registry.k8s.io/pause:3.10.1']],
])('a cluster configuration with %s', ([, fields, wanted]) => {
  const found = images(CONFIG(`kubernetesVersion: v1.34.1\n${fields}`))
  expect(found).toEqual(expect.arrayContaining(wanted))
  expect(found.some((image) => image.includes('/etcd:'))).toBe(!fields.includes('external'))
  expect(found.some((image) => image.includes('/kube-proxy:'))).toBe(!fields.startsWith('proxy'))
  expect(found.some((image) => image.includes('coredns'))).toBe(!fields.startsWith('dns: {disabled'))
})

test('Cluster API says the version beside the configuration', () => {
  const plane = `apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: x}
spec:
  version: v1.33.5
  kubeadmConfigSpec: {clusterConfiguration: {imageRepository: x.io/k8s, dns: {imageTag: v9}}}
`
  expect(images(plane)).toEqual([
    ...CONTROL('v1.33.5', 'x.io/k8s'),
    'x.io/k8s/coredns:v9',
    'x.io/k8s/pause:3.10',
    'x.io/k8s/etcd:3.5.21-0',
  ])
})

test('a configuration in a ConfigMap is read as one by itself, with its line', () => {
  const map = `apiVersion: v1
kind: ConfigMap
metadata: {name: kubeadm-config}
data:
  ClusterConfiguration: |
    apiVersion: kubeadm.k8s.io/v1beta3
    kind: ClusterConfiguration
    imageRepository: x.io/k8s
    kubernetesVersion: v1.30.4
`
  expect(images(map)).toEqual([
    ...CONTROL('v1.30.4', 'x.io/k8s'),
    'x.io/k8s/coredns:v1.11.1',
    'x.io/k8s/pause:3.9',
    'x.io/k8s/etcd:3.5.12-0',
  ])
  expect(scanText(map).uses[0]).toMatchObject({ line: 9, layer: 'config', confidence: 'likely' })
})

const TEMPLATE = (spec: string) =>
  `apiVersion: bootstrap.cluster.x-k8s.io/v1beta1\nkind: KubeadmConfigTemplate\nmetadata: {name: x}\nspec: {template: {spec: ${spec}}}\n`

test.for<[why: string, text: string, images: number, omission: string | undefined]>([
  [
    'a newer minor version',
    CONFIG('kubernetesVersion: v1.99.0'),
    4,
    'CoreDNS, etcd, pause of Kubernetes v1.99.0, and none is named',
  ],
  [
    'a newer patch',
    CONFIG('kubernetesVersion: v1.34.99'),
    7,
    'CoreDNS, etcd, pause of Kubernetes v1.34.99; those of v1.34.10 are taken',
  ],
  ['a release candidate', CONFIG('kubernetesVersion: v1.36.0-rc.1'), 7, 'those of v1.36.0 are taken'],
  [
    'a label that moves',
    CONFIG('kubernetesVersion: stable-1.34\nimageRepository: x.io/k'),
    0,
    'Kubernetes stable-1.34, and none is named',
  ],
  ['no version', CONFIG('imageRepository: x.io/k'), 0, 'the Kubernetes version of the cluster, and none is named'],
  [
    'a template with a repository',
    TEMPLATE('{clusterConfiguration: {imageRepository: x.io/k}}'),
    0,
    'the Kubernetes version of the cluster',
  ],
  ['a template of workers', TEMPLATE('{joinConfiguration: {nodeRegistration: {}}}'), 0, undefined],
])('what follows from no table is said: %s', ([, text, count, omission]) => {
  expect(images(text)).toHaveLength(count)
  const told = omissions(text)
  expect(told).toEqual(omission === undefined ? [] : [expect.stringContaining(omission)])
})

test.for<[vars: [string, string][], images: number, omissions: number]>([
  [
    [
      ['VERSION', 'v1.34.1'],
      ['REG', 'x.io/k8s'],
    ],
    7,
    0,
  ],
  [[['VERSION', 'v1.34.1']], 0, 1],
  [[], 0, 1],
])('placeholders of a template with %j', ([vars, count, omitted]) => {
  const text = `apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: x}
spec: {version: "\${VERSION}", kubeadmConfigSpec: {clusterConfiguration: {imageRepository: "\${REG}"}}}
`
  const scans = readAllDocuments(text, 'x.yaml').map((document) => scanDocument(document, { vars: new Map(vars) }))
  expect(scans.flatMap(({ uses }) => uses)).toHaveLength(count)
  expect(scans.flatMap(({ findings }) => findings)).toHaveLength(omitted)
})

test('a parameter of the kubelet names the pause image', () => {
  const text = CONFIG('kubernetesVersion: v1.34.1').concat(
    '---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs: [{name: pod-infra-container-image, value: "x.io/pause:3.9"}]\n',
  )
  expect(images(text)).toContain('x.io/pause:3.9')
})

test('every known version has parts, and patches never go back', () => {
  for (let minor = 25; lastPatchOf(minor) !== undefined; minor++) {
    const etcd = Array.from(
      { length: (lastPatchOf(minor) ?? 0) + 1 },
      (_, patch) => kubeadmParts({ minor, patch })?.etcd,
    )
    expect(etcd.every(Boolean)).toBe(true)
    const byPatch = etcd.map((tag) => Number(tag?.split('.').at(-1)?.split('-')[0]))
    expect(byPatch.toSorted((a, b) => a - b)).toEqual(byPatch)
  }
})

test.for<[text: string, version: string | undefined]>([
  ['v1.34.1', 'v1.34.1'],
  ['1.34.1', 'v1.34.1'],
  ['v1.34.1+build.2', 'v1.34.1_build.2'],
  ['1.34', 'v1.34'],
  ['stable', undefined],
  ['ci/latest', undefined],
  ['v1.34.1;x', undefined],
])('%s is the version %s', ([text, version]) => {
  expect(kubernetesVersion(text)?.text).toBe(version)
})
