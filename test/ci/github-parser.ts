import { registerHooks } from 'node:module'

// GitHub's parser imports JSON as bundlers do, which Node takes only when it is said.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
})
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser')
const { parseAction } = await import('@actions/workflow-parser/actions/action-parser')

/** What GitHub has against the text of an action.yml or of a workflow. */
export function githubErrors(kind: 'action' | 'workflow', content: string): string[] {
  const parse = kind === 'action' ? parseAction : parseWorkflow
  const { context } = parse({ name: `${kind}.yml`, content }, new NoOperationTraceWriter())
  return context.errors.getErrors().map(({ message }) => message)
}
