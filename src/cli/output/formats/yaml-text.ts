import { Document, Scalar, visit } from 'yaml'
import { isPrintable, printableJson } from '../terminal/printable.ts'

/** A value as YAML that reads back as it is; what a terminal would obey stands escaped in quotes. */
export function yamlText(value: unknown): string {
  // Without what JSON leaves out.
  const document = new Document(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && !isPrintable(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return printableJson(document.toString({ lineWidth: 0 }))
}
