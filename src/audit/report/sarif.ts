import { type Finding, finding } from '../../finding.ts'
import { FINDING_CODES, type FindingCode } from '../../finding-codes.ts'
import { lineOfResource, nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { WorkloadVerdict } from '../audit.ts'
import { reasonsOf } from './reasons.ts'
import type { AuditResult } from './report.ts'
import { VERDICT_WORDS } from './severity.ts'

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const

const VERDICT_CODES = {
  impossible: 'WORKLOAD_IMPOSSIBLE',
  atRisk: 'WORKLOAD_AT_RISK',
  unknown: 'WORKLOAD_UNKNOWN',
} as const satisfies Record<Exclude<WorkloadVerdict, 'safe'>, FindingCode>

/** The audit as SARIF 2.1.0: findings, and a result for each workload that is not safe. */
export function auditSarif(result: AuditResult, version: string): unknown {
  const findings = [...verdictFindings(result), ...result.findings]
  const rules = [...new Set(findings.map(({ code }) => code))].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'nodeseed', version, rules: rules.map(ruleOf) } },
        results: findings.map(({ code, severity, message, hint, file, line }) => ({
          ruleId: code,
          ruleIndex: rules.indexOf(code),
          level: LEVELS[severity],
          message: { text: hint ? `${message}\n${hint}` : message },
          ...(file !== undefined && { locations: [location(file, line)] }),
        })),
      },
    ],
  }
}

/** What the table of codes says of a finding, as a viewer shows it beside the results. */
function ruleOf(id: FindingCode): unknown {
  const { title, help, action, severity } = FINDING_CODES[id]
  return {
    id,
    name: id.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${title}.` },
    fullDescription: { text: help },
    help: { text: `${help}\n\n${action}` },
    defaultConfiguration: { level: LEVELS[severity] },
  }
}

function verdictFindings({ workloads, nodeClasses, fixesOf }: AuditResult): Finding[] {
  return workloads.flatMap((audited): Finding[] => {
    const { verdict, workload } = audited
    if (verdict === 'safe') return []
    const { resource } = workload
    const reasons = reasonsOf(audited, nodeClasses).join('. ')
    const message = `${nameOfResource(resource)} is ${VERDICT_WORDS[verdict]}. ${reasons}`
    const place = { file: resource.document.file, line: lineOfResource(resource) }
    return [finding(VERDICT_CODES[verdict], message, { hint: fixesOf(audited)[0]?.message, ...place })]
  })
}

function location(file: string, line: number | undefined): unknown {
  const uri = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/')
  return { physicalLocation: { artifactLocation: { uri }, ...(line && { region: { startLine: line } }) } }
}
