import { expect, test } from 'vitest'
import type { WorkloadVerdict } from '../../src/audit/audit.ts'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { auditCluster, auditReport } from '../../src/audit/report/report.ts'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'
import { fc, runs } from '../support/property.ts'

const IMAGES = ['web', 'job', 'base'].map((name) => `docker.io/library/${name}:1`)

const nodes = fc
  .array(
    fc.record({
      images: fc.subarray(IMAGES),
      labels: fc.dictionary(fc.constantFrom('disk', 'zone'), fc.constantFrom('a', 'b')),
      architecture: fc.constantFrom('amd64', 'arm64'),
      allocatable: fc.constantFrom({ cpu: '1', pods: '10' }, { cpu: '4', pods: '10' }),
      spec: fc.record({
        unschedulable: fc.boolean(),
        taints: fc.subarray([
          { key: 'gpu', effect: 'NoSchedule' },
          { key: 'old', effect: 'NoExecute' },
        ]),
      }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => list.map((parts, index) => node(`n${index}`, parts)))

const workloads = fc
  .array(
    fc.record({
      kind: fc.constantFrom('Deployment', 'DaemonSet'),
      policy: fc.constantFrom('Always', 'IfNotPresent', 'Never'),
      spec: fc.record({
        containers: fc
          .subarray(IMAGES, { minLength: 1 })
          .map((images) => images.map((image) => ({ image, resources: { requests: { cpu: '2' } } }))),
        nodeSelector: fc.dictionary(fc.constantFrom('disk', 'zone'), fc.constantFrom('a', 'b'), { maxKeys: 1 }),
        tolerations: fc.subarray([
          { key: 'gpu', operator: 'Exists' },
          { key: 'old', operator: 'Exists' },
        ]),
      }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) => list.map((parts, index) => workload({ name: `w${index}`, ...parts })))

const lock: Lock = { version: 1, images: IMAGES.map((name) => lockedImage(name, 'linux/amd64')) }

const report = (
  ...[some, on, conditions = {}]: [ReturnType<typeof workload>[], ReturnType<typeof node>[], Conditions?]
) => auditReport(auditCluster(some, on, conditions)).workloads

test('judged all together or each by itself, every pod gets the same verdict on every node', () => {
  fc.assert(
    fc.property(workloads, nodes, (some, on) => {
      const together = report(some, on, { lock })
      for (const [index, one] of some.entries()) {
        for (const single of on) {
          const [alone] = report([one], [single], { lock })
          const name = single.metadata?.name
          const { fixes: _, ...entry } = {
            fixes: [],
            ...together[index]?.nodes.find((other) => 'name' in other && other.name === name),
          }
          expect(entry).toEqual(alone?.nodes[0])
        }
      }
    }),
    { numRuns: runs(50) },
  )
})

test('the order of workloads and nodes decides nothing', () => {
  fc.assert(
    fc.property(workloads, nodes, (some, on) => {
      const withoutFixes = (list: ReturnType<typeof report>) => list.map(({ fixes: _, ...rest }) => rest)
      expect(withoutFixes(report(some.toReversed(), on.toReversed())).toReversed()).toEqual(
        withoutFixes(report(some, on)),
      )
    }),
  )
})

const RANK: Record<WorkloadVerdict, number> = { safe: 0, unknown: 1, atRisk: 2, impossible: 3 }

test('seeding every node, or a mirror, makes no verdict worse', () => {
  fc.assert(
    fc.property(workloads, nodes, (some, on) => {
      // Nodes of one platform: what a bundle lacks for another, no seeding brings.
      const amd64 = on.map(
        (one) => ({ ...one, status: { ...one.status, nodeInfo: node('x').status?.nodeInfo } }) as typeof one,
      )
      const before = report(some, amd64, { lock })
      for (const conditions of [
        { lock, assumeSeeded: true },
        { lock, hasMirror: true },
      ]) {
        for (const [index, after] of report(some, amd64, conditions).entries()) {
          expect(RANK[after.verdict]).toBeLessThanOrEqual(RANK[before[index]?.verdict ?? 'safe'])
        }
      }
    }),
  )
})

test('seeding leaves nothing missing but what asks a registry all the same', () => {
  fc.assert(
    fc.property(workloads, nodes, (some, on) => {
      const reasons = report(some, on, { lock, assumeSeeded: true }).flatMap((one) =>
        one.nodes.map(({ reason }) => reason),
      )
      expect(reasons).not.toContain('ImageMissing')
      expect(reasons).not.toContain('ImageUnknown')
    }),
  )
})

test('what a fix promises comes true: seeding the nodes it names starts the workload there', () => {
  fc.assert(
    fc.property(workloads, nodes, (some, on) => {
      for (const [index, { fixes }] of report(some, on, { lock }).entries()) {
        const seed = fixes.find(({ kind, bytes }) => kind === 'seed' && bytes !== null)
        if (!seed?.nodes) continue
        const seeded = on.map((one) =>
          seed.nodes?.includes(one.metadata?.name ?? '')
            ? { ...one, status: { ...one.status, images: [{ names: IMAGES, sizeBytes: 1 }] } }
            : one,
        )
        const asked = some[index] as ReturnType<typeof workload>
        const containers = asked.podSpec.containers.map((container) => ({
          ...container,
          imagePullPolicy: 'IfNotPresent',
        }))
        const [after] = report([{ ...asked, podSpec: { ...asked.podSpec, containers } }], seeded as typeof on, { lock })
        for (const entry of after?.nodes ?? []) {
          if ('name' in entry && seed.nodes.includes(entry.name)) expect(entry.starts).toBe(true)
        }
      }
    }),
  )
})
