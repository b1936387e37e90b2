import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { auditTable } from '../../src/audit/report/table.ts'
import { auditText } from '../../src/cli/audit/audit-text.ts'
import { textWidth } from '../../src/cli/output/terminal/text-width.ts'
import { node, workload } from '../support/cluster.ts'

const APP = 'docker.io/library/app0:1'

/** Of many workloads, every tenth lacks its image on all nodes but one; the others have theirs everywhere. */
function manyWorkloads() {
  const nodes = Array.from({ length: 500 }, (_, index) =>
    node(`n${String(index).padStart(3, '0')}`, {
      images: index === 0 ? ['docker.io/library/web:1', APP] : ['docker.io/library/web:1'],
    }),
  )
  const workloads = Array.from({ length: 200 }, (_, index) =>
    workload({ name: `w${String(index).padStart(3, '0')}`, image: index % 10 === 0 ? 'app0:1' : 'web:1' }),
  )
  return auditCluster(workloads, nodes, {})
}

test('of many workloads the causes are said, each once, with its nodes, workloads and what helps', () => {
  const lines = [...auditText(auditTable(manyWorkloads()), undefined)]
  expect(lines).toEqual([
    'VERDICT     WORKLOADS          CAUSE',
    expect.stringMatching(/^at risk {5}20 {17}ImageMissing: docker\.io\/library\/app0:1 is not on the node/),
    expect.stringMatching(/^ {31}\S/),
    '            on 499 nodes: n001, n002, n003, n004, n005 and 494 more',
    '            20 workloads: Deployment w000, Deployment w010, Deployment w020, Deployment w030,',
    '            Deployment w040 and 15 more',
    expect.stringMatching(/^ {12}fix: /),
  ])
})

test('with --all every workload has its row', () => {
  const lines = [...auditText(auditTable(manyWorkloads(), { all: true }), undefined)]
  expect(lines.filter((line) => /^(?:safe|at risk) .* Deployment w\d+$/.test(line))).toHaveLength(200)
})

test.for([40, 57, 60, 80, 120, 200])('on %i columns no line is longer', (columns) => {
  for (const all of [false, true]) {
    for (const line of auditText(auditTable(manyWorkloads(), { all }), columns)) {
      expect(textWidth(line)).toBeLessThanOrEqual(columns)
    }
  }
})
