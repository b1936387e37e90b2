// Writes the page of all codes as Markdown to standard output; `npm run reference` makes docs/findings.md of it.
import { allExplanations } from '../src/explanation.ts'

const PARTS = [
  ['finding', 'Findings', 'What scan, lock, bundle, seed, patch and audit say beside their answer.'],
  ['error', 'Errors', 'What ends a command. With `--json` the code is `error.code`.'],
  ['table', 'Verdicts and states of an audit', 'What a row of its tables begins with.'],
  ['audit', 'Reasons of an audit', 'Why a pod does not start on a node, or may not.'],
  ['kubernetes', 'What Kubernetes says', 'Words in `kubectl get pods` and in events when an image is the cause.'],
]

const all = allExplanations()
const parts = PARTS.map(([saidBy, heading, about]) =>
  [`## ${heading}`, about, ...all.filter((one) => one.saidBy === saidBy).map(entry)].join('\n\n'),
)
process.stdout.write(
  `# Findings, errors and what Kubernetes says\n\nMade by npm run reference. \`nodeseed explain CODE\` prints the same.\n\n${parts.join('\n\n')}\n`,
)

function entry({ code, title, help, look, action, kind, severity, exitCode }) {
  const about = [kind, severity !== kind && severity, exitCode && `exit code ${exitCode}`].filter(Boolean).join(', ')
  const lines = [
    `${title}${about ? ` (${about})` : ''}. ${asText(help)}`,
    ...(look ? [`- Look: ${asText(look)}`] : []),
    `- Do: ${asText(action)}`,
  ]
  return [`### ${code}`, lines[0], lines.slice(1).join('\n')].join('\n\n')
}

/** Words in capitals between angle brackets or with stars are text here. */
function asText(text) {
  return text.replace(/[<>*]/g, '\\$&')
}
