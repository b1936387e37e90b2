import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Every published schema, by the name of its file. */
export const SCHEMAS: ReadonlyMap<string, Record<string, unknown>> = new Map(
  globSync('schemas/*.json', { cwd: ROOT })
    .sort()
    .map((file) => [basename(file, '.json'), JSON.parse(readFileSync(ROOT + file, 'utf8'))]),
)

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allowUnionTypes: true })
for (const schema of SCHEMAS.values()) ajv.addSchema(schema)

/** @throws when the value is not what the published schema says. */
export function checkSchema(name: string, value: unknown): void {
  const valid = ajv.getSchema(`urn:nodeseed:${name}`)
  if (!valid) throw new Error(`schemas/${name}.json is not there`)
  if (valid(value)) return
  throw new Error(`not as schemas/${name}.json says: ${ajv.errorsText(valid.errors, { separator: '\n' })}`)
}
