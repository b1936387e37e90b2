import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const scan = (...flags: string[]) => runCli(['scan', '--format', 'images', ...flags])
const codesIn = (json: string) => JSON.parse(json).omissions.map(({ code }: { code: string }) => code)

const LIST = 'docker.io/rancher/mirrored-pause:3.6\ndocker.io/rancher/klipper-helm:v0.9.8\n'

test('kubeadm is computed, and every sandbox image that a runtime may take is in it', async () => {
  const { stdout, stderr, exitCode } = await scan('--distro', 'kubeadm@1.34.1')
  expect(exitCode).toBe(0)
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual([
    'registry.k8s.io/coredns/coredns:v1.12.1',
    'registry.k8s.io/etcd:3.6.4-0',
    ...['apiserver', 'controller-manager', 'proxy', 'scheduler'].map((name) => `registry.k8s.io/kube-${name}:v1.34.1`),
    ...['3.10', '3.10.1', '3.10.2', '3.8'].map((tag) => `registry.k8s.io/pause:${tag}`),
  ])
})

test('a minor version is its newest known patch, and that is said', async () => {
  const { stdout } = await runCli(['scan', '--distro', 'kubeadm@1.33', '--json'])
  expect(JSON.parse(stdout).images).toContain('registry.k8s.io/kube-apiserver:v1.33.13')
  expect(JSON.parse(stdout).omissions).toMatchObject([
    { code: 'DISTRIBUTION_UNSURE', entries: [{ message: 'kubeadm@1.33 is taken as v1.33.13, the newest known here' }] },
  ])
})

test('a version that is newer than the tables gives what follows from it, and the rest is said', async () => {
  const { stdout } = await runCli(['scan', '--distro', 'kubeadm@v1.99.0', '--json'])
  expect(JSON.parse(stdout).images).toContain('registry.k8s.io/kube-proxy:v1.99.0')
  expect(codesIn(stdout)).toEqual(['DISTRIBUTION_UNSURE'])
})

test('the list of a distribution is read from a file, and beside inputs', async () => {
  const directory = await temporaryDirectory()
  const [list, pod] = [join(directory, 'k3s-images.txt'), join(directory, 'pod.yaml')]
  await writeFile(list, LIST)
  await writeFile(pod, 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: "x.io/a:1"}]}\n')
  const { stdout, stderr } = await scan(pod, '--distro', `k3s@v1.34.1+k3s1=${list}`)
  expect(stdout).toBe(`${LIST.trim().split('\n').toReversed().join('\n')}\nx.io/a:1\n`)
  expect(stderr).toBe('')
})

test.for<[distribution: string, list: string, message: string]>([
  ['k3s@v1.34.1+k3s1', 'docker.io/rancher/klipper-helm:v0.9.8\n', 'names no pause image'],
  ['rke2@v1.34.1+rke2r1', 'docker.io/rancher/mirrored-pause:3.6\n', 'names no image of 1.34.1'],
  [
    'k0s@v1.34.1+k0s.0',
    'quay.io/k0sproject/pause:3.10.1\nquay.io/k0sproject/kube-proxy:v1.33.0\n',
    'names no image of 1.34.1',
  ],
])('%s with a list of something else', async ([distribution, list, message]) => {
  const file = join(await temporaryDirectory(), 'list.txt')
  await writeFile(file, list)
  const { stdout } = await runCli(['scan', '--distro', `${distribution}=${file}`, '--json'])
  expect(JSON.parse(stdout).omissions).toMatchObject([
    { code: 'DISTRIBUTION_UNSURE', entries: [{ message: expect.stringContaining(message) }] },
  ])
})

test('an address is asked for only where the user allows it, and redirects are followed', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/list.txt') response.end(LIST)
    else if (request.url === '/moved') response.writeHead(302, { location: '/list.txt' }).end()
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const at = (path: string) => `k3s@v1.34.1+k3s1=http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const refused = await scan('--distro', at('/list.txt'))
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--allow-remote') })
  const allowed = await scan('--distro', at('/moved'), '--allow-remote')
  expect(allowed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('asked for http://127.0.0.1') })
  expect(allowed.stdout.trim().split('\n')).toHaveLength(2)
  const gone = await scan('--distro', at('/gone'), '--allow-remote')
  expect(gone).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('answers with status 404') })
})

test('nobody listens at an address', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const { exitCode, stderr } = await scan('--distro', `k3s@v1.34.1+k3s1=http://127.0.0.1:${port}/x`, '--allow-remote')
  expect(exitCode).toBe(3)
  expect(stderr).toContain(`127.0.0.1:${port}`)
})

test.for<[distribution: string, message: string]>([
  ['kubeadm', 'not a distribution and its version: "kubeadm"'],
  ['minikube@1.34.1', 'not a distribution and its version: "minikube@1.34.1"'],
  ['kubeadm@1.99', 'kubeadm@1.99: what that version takes is not known here'],
  ['k3s@v1.34.1+k3s1', 'k3s@v1.34.1+k3s1: the list of its images is not here'],
  ['rke2@v1.34.1+rke2r1=missing.txt', 'missing.txt: no such file or directory'],
  ['rke2@v1.34.1+rke2r1=package.json', 'package.json: is no list of images, one a line'],
])('--distro %s is refused', async ([distribution, message]) => {
  const { exitCode, stderr } = await scan('--distro', distribution)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
})

test('nothing at all to scan is a wrong call', async () => {
  expect(await runCli(['scan'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no input to scan') })
})
