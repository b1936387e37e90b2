import sarif from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { auditSarif } from '../../src/audit/report/sarif.ts'
import { type Finding, finding } from '../../src/finding.ts'
import { FINDING_CODES, type FindingCode } from '../../src/finding-codes.ts'
import { node, workload } from '../support/cluster.ts'

// Draft 4 differs from draft 7 in the name of its identifier, as far as this schema goes.
const { id: _, $schema: __, ...schema } = sarif as Record<string, unknown>
const isSarif = new Ajv({
  strict: false,
  unicodeRegExp: false,
  formats: { uri: isUri, 'uri-reference': isUri, 'date-time': true },
}).compile(schema)

function isUri(text: string): boolean {
  return URL.canParse(text, 'file:///') && !/[\s<>"{}|\\^`]/.test(text)
}

interface Rule {
  readonly id: string
  readonly name: string
  readonly defaultConfiguration: { readonly level: string }
}

function sarifOf(findings: readonly Finding[]) {
  const workloads = [workload({ name: 'web' }), workload({ name: 'broken', image: 'No:Such:Image' })]
  const log = auditSarif(auditCluster(workloads, [node('a')], {}, findings), '0.1.0')
  expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true)
  return (log as { runs: [{ results: Record<string, unknown>[]; tool: { driver: { rules: Rule[] } } }] }).runs[0]
}

test('the schema refuses what is no SARIF', () => {
  expect(isSarif({ version: '2.1.0', runs: [{ results: [{ level: 'bad' }] }] })).toBe(false)
})

test('every code is a rule with name, help and level, valid by the SARIF 2.1.0 schema', () => {
  const codes = Object.keys(FINDING_CODES) as FindingCode[]
  const { results, tool } = sarifOf(codes.map((code) => finding(code, 'm', { file: 'a.yaml', line: 1 })))
  expect(tool.driver.rules.map(({ id }) => id)).toEqual(
    expect.arrayContaining(codes.filter((code) => !isVerdict(code))),
  )
  expect(tool.driver.rules.find(({ id }) => id === 'POLICY_ALWAYS')).toEqual({
    id: 'POLICY_ALWAYS',
    name: 'PolicyAlways',
    shortDescription: { text: 'An image is pulled Always.' },
    fullDescription: { text: FINDING_CODES.POLICY_ALWAYS.help },
    help: { text: expect.stringContaining('imagePullPolicy: IfNotPresent') },
    defaultConfiguration: { level: 'error' },
  })
  expect(tool.driver.rules.find(({ id }) => id === 'PULL_RECORDS')?.defaultConfiguration).toEqual({ level: 'note' })
  expect(results.length).toBeGreaterThan(codes.length)
})

test.for([
  'dir with space/ü.yaml',
  'a#b?c%.yaml',
  'C:\\manifests\\a.yaml',
  '<stdin>',
  'b:c.yaml',
  '/tmp/x.yaml',
  'bell\u0007.yaml',
])('a file called %j is a valid URI reference', (file) => {
  const { results } = sarifOf([finding('TAG_MUTABLE', 'm', { file, line: 2 })])
  const { locations } = results.find(({ ruleId }) => ruleId === 'TAG_MUTABLE') as {
    locations: [{ physicalLocation: { artifactLocation: { uri: string } } }]
  }
  expect(decodeURIComponent(locations[0].physicalLocation.artifactLocation.uri)).toBe(file.replaceAll('\\', '/'))
})

function isVerdict(code: string): boolean {
  return code.startsWith('WORKLOAD_')
}
