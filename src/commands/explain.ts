import { Args } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { closest } from '../cli/output/closest.ts'
import { formatFlag } from '../cli/output/formats/output-format.ts'
import { renderTable } from '../cli/output/terminal/table.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { ExpectedError } from '../errors.ts'
import { allExplanations, type Explanation, explanationsOf } from '../explanation.ts'

export default class Explain extends BaseCommand {
  static override summary = 'explain a code of nodeseed, or what Kubernetes says of an image: what it means, what to do'
  static override description =
    paragraph(`Takes codes of findings and errors, verdicts and reasons of an audit, and words of Kubernetes such as ErrImageNeverPull, in any
case; or a whole line of kubectl get pods or kubectl describe pod, in quotes. Without CODE lists them all.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> ErrImageNeverPull',
    '<%= config.bin %> <%= command.id %> POLICY_ALWAYS',
    `<%= config.bin %> <%= command.id %> 'Failed to pull image "shop/web:1.4": connection refused'`,
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override strict = false
  static override args = {
    code: Args.string({ description: 'code, word or line to explain; none: list all' }),
  }
  static override flags = { output: formatFlag(['table', 'wide', 'json', 'yaml']) }

  async run(): Promise<{ explanations: readonly Explanation[] }> {
    const { argv } = await this.parse(Explain)
    const said = argv.join(' ')
    if (said.trim() === '') {
      const all = allExplanations()
      const rows = all.map(({ code, saidBy, title }) => [code, saidBy, title])
      this.log(renderTable(['CODE', 'SAID BY', 'MEANS'], rows, { width: this.tableWidth }))
      return { explanations: all }
    }
    const found = explanationsOf(said)
    if (found.length === 0) throw unknownCode(said)
    this.log(found.map(text).join('\n\n'))
    return { explanations: found }
  }
}

function text({ code, saidBy, title, help, look, action, kind, severity, exitCode }: Explanation): string {
  const about = {
    finding: `finding, ${kind === severity ? kind : `${kind}, ${severity}`}`,
    error: `error, exit code ${exitCode}`,
    table: 'in the tables of an audit',
    audit: 'reason of an audit',
    kubernetes: 'said by Kubernetes',
  }[saidBy]
  const lines = [`${code} (${about})`, `  ${title}.`, '', `  means: ${help}`]
  return [...lines, ...(look ? [`  look:  ${look}`] : []), `  do:    ${action}`].join('\n')
}

function unknownCode(code: string): ExpectedError {
  const codes = allExplanations().map((one) => one.code)
  const words = code.split(/[^\w-]+/).filter((word) => word.length > 4)
  const [meant] = [code, ...words].flatMap((word) => closest(word, codes) ?? [])
  return new ExpectedError('USAGE', `nothing is known of ${JSON.stringify(code)}`, {
    hint: meant ? `Did you mean: nodeseed explain ${meant}?` : 'See all codes: nodeseed explain',
  })
}
