// Measures `nodeseed audit` as a user runs it, on generated clusters: node test/bench/audit.ts (build first).
// Prints wall time and peak memory for three sizes, and how both grow with the input.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

const [NODE_CLASSES, POD_CLASSES] = [40, 600]
const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

/** Nodes in 40 classes: zones, disks, taints, architectures; 40 images each, as kubectl prints them. */
function nodes(count: number): string {
  const items = Array.from({ length: count }, (_, index) => {
    const group = index % NODE_CLASSES
    const architecture = group % 10 === 9 ? 'arm64' : 'amd64'
    const images = Array.from({ length: 40 }, (_, image) => {
      const name = `registry.example.com/shop/app-${(image * 15 + group) % POD_CLASSES}`
      const digest = `sha256:${String((image * 15 + group) % POD_CLASSES).padStart(64, '0')}`
      return { names: [`${name}@${digest}`, `${name}:1.0`], sizeBytes: 50_000_000 + image }
    })
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: `node-${index}`,
        uid: `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
        labels: {
          'kubernetes.io/hostname': `node-${index}`,
          'kubernetes.io/arch': architecture,
          'kubernetes.io/os': 'linux',
          'topology.kubernetes.io/zone': `zone-${group % 4}`,
          disk: group % 2 ? 'ssd' : 'hdd',
          group: `g${group}`,
        },
      },
      spec: group % 8 === 7 ? { taints: [{ key: 'dedicated', value: `team-${group}`, effect: 'NoSchedule' }] } : {},
      status: {
        allocatable: { cpu: '16', memory: `${65_536_000 + index}Ki`, pods: '110' },
        capacity: { cpu: '16', memory: `${66_536_000 + index}Ki`, pods: '110' },
        conditions: [
          { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
        ],
        nodeInfo: {
          architecture,
          operatingSystem: 'linux',
          containerRuntimeVersion: 'containerd://2.1.9',
          kubeletVersion: 'v1.35.4',
        },
        images,
      },
    }
  })
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)
}

/** Deployments in 600 classes by image, selector and requests. */
function workloads(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const group = index % POD_CLASSES
    const selector = group % 3 === 0 ? `\n      nodeSelector: { disk: ${group % 2 ? 'ssd' : 'hdd'} }` : ''
    const toleration = group % 5 === 0 ? '\n      tolerations: [{ key: dedicated, operator: Exists }]' : ''
    return `apiVersion: apps/v1
kind: Deployment
metadata: { name: app-${index}, namespace: team-${index % 50} }
spec:
  replicas: ${1 + (index % 5)}
  selector: { matchLabels: { app: app-${index} } }
  template:
    metadata: { labels: { app: app-${index} } }
    spec:${selector}${toleration}
      containers:
        - name: app
          image: registry.example.com/shop/app-${group}:1.0
          imagePullPolicy: ${group % 4 === 0 ? 'Never' : 'IfNotPresent'}
          resources: { requests: { cpu: ${100 + (group % 10)}m, memory: 128Mi } }
          env: [{ name: INDEX, value: '${index}' }]
`
  }).join('---\n')
}

/** Ten pods a node, each with its owner and requests. */
function pods(nodeCount: number, workloadCount: number): string {
  const items = Array.from({ length: nodeCount * 10 }, (_, index) => {
    const owner = index % workloadCount
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `app-${owner}-5f6d7c8b9-${index}`,
        namespace: `team-${owner % 50}`,
        labels: { app: `app-${owner}`, 'pod-template-hash': '5f6d7c8b9' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `app-${owner}-5f6d7c8b9`, controller: true },
        ],
      },
      spec: {
        nodeName: `node-${index % nodeCount}`,
        containers: [{ name: 'app', image: 'x', resources: { requests: { cpu: '1600m', memory: '1Gi' } } }],
      },
      status: { phase: 'Running' },
    }
  })
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}

/** Prints what the process used, when it ends. */
const REPORT = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  require('node:fs').writeSync(3, maxRSS / 1024 + ' ' + (userCPUTime + systemCPUTime) / 1e6)
})`

/** Runs the program to its end. */
function measure(args: string[]): { seconds: number; cpuSeconds: number; megabytes: number } {
  const start = performance.now()
  const { status, output } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,import{createRequire}from'node:module';const require=createRequire('file:///');${encodeURIComponent(REPORT)}`,
      PROGRAM,
      ...args,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  )
  if (status !== 0 && status !== 4) throw new Error(`nodeseed ${args.join(' ')} ended with ${status}`)
  const [megabytes = 0, cpuSeconds = 0] = (output[3] ?? '').split(' ').map(Number)
  return { seconds: (performance.now() - start) / 1000, cpuSeconds, megabytes }
}

const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
try {
  console.log('nodes  workloads  input MB  output  seconds  processor  peak MB')
  for (const share of [0.25, 0.5, 1]) {
    const [nodeCount, workloadCount] = [5000 * share, 10_000 * share]
    const [nodesFile, workloadsFile] = [join(directory, 'nodes.json'), join(directory, 'workloads.yaml')]
    await writeFile(nodesFile, nodes(nodeCount))
    await writeFile(workloadsFile, workloads(workloadCount))
    const podsFile = join(directory, 'pods.json')
    await writeFile(podsFile, pods(nodeCount, workloadCount))
    const size = ((await stat(nodesFile)).size + (await stat(workloadsFile)).size) / 1e6
    const runs: [string, string[]][] = [
      ['table', []],
      ['json', ['--json']],
      ['html', ['--html', join(directory, 'a.html')]],
      ['pods', ['--pods', podsFile]],
    ]
    for (const [output, flags] of runs) {
      const { seconds, cpuSeconds, megabytes } = measure(['audit', workloadsFile, '--nodes', nodesFile, ...flags])
      console.log(
        [
          nodeCount,
          workloadCount,
          size.toFixed(0),
          output,
          seconds.toFixed(2),
          cpuSeconds.toFixed(2),
          megabytes.toFixed(0),
        ]
          .map((cell, column) => String(cell).padStart([5, 9, 8, 6, 7, 9, 7][column] ?? 0))
          .join('  '),
      )
    }
  }
} finally {
  await rm(directory, { recursive: true })
}
