import { stringify } from 'yaml'

/**
 * Resources as YAML, with what the file is in a comment above. kubectl reads YAML 1.1, where a bare `yes` is true and
 * `0755` a number: such texts are quoted.
 */
export function renderYaml(comment: string, values: readonly unknown[]): string {
  const head = comment.split('\n').map((line) => `# ${line}`.trimEnd())
  const documents = values.map((value) =>
    stringify(value, { version: '1.1', lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false }),
  )
  return `${head.join('\n')}\n${documents.join('---\n')}`
}
