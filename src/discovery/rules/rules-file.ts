import { ExpectedError } from '../../errors.ts'
import { readAllDocuments } from '../../kubernetes/documents/document.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { type FieldRule, PART_NAMES } from './field-rule.ts'

const FIELDS: readonly string[] = ['group', 'kind', 'path', 'parts', 'image', 'unless', 'where', 'prefix', 'ignore']

/**
 * Reads a file of rules: `rules:`, a list of {@link FieldRule}.
 *
 * @throws {ExpectedError} INPUT_INVALID, naming file, line and what is wrong.
 */
export function readRules(text: string, file: string): FieldRule[] {
  const [document] = readAllDocuments(text, file)
  const rules = isObject(document?.value) ? document.value.rules : undefined
  if (!document || !Array.isArray(rules)) {
    throw new ExpectedError('INPUT_INVALID', `${file}: holds no list of rules`, {
      hint: 'Write it as:  rules: [{kind: Engine, path: "spec.engine.image"}]',
    })
  }
  return rules.map((rule: unknown, index) => {
    const refuse = (problem: string, path: Path = []): never => {
      const line = document.lineOf(['rules', index, ...path])
      throw new ExpectedError('INPUT_INVALID', `${file}:${line}: rule ${index + 1}: ${problem}`, {
        hint: `A rule has kind and path, and may have ${FIELDS.filter((field) => !/kind|path/.test(field)).join(', ')}.`,
      })
    }
    return checkRule(rule, refuse)
  })
}

function checkRule(rule: unknown, refuse: (problem: string, path?: Path) => never): FieldRule {
  if (!isObject(rule)) return refuse('is no map')
  for (const [field, value] of Object.entries(rule)) {
    if (!FIELDS.includes(field)) refuse(`unknown field ${JSON.stringify(field)}`, [field])
    if (field === 'ignore' ? typeof value !== 'boolean' : !isTextOrTexts(field, value)) {
      refuse(`${field} has the wrong type`, [field])
    }
  }
  if (!rule.kind || !rule.path) refuse('kind and path are needed')
  const parts = isObject(rule.parts) ? Object.keys(rule.parts) : []
  for (const part of parts) {
    if (!PART_NAMES.some((known) => known === part)) refuse(`unknown part ${JSON.stringify(part)}`, ['parts', part])
  }
  if (rule.parts && rule.image) refuse('image and parts are two ways to say the same')
  if (rule.parts && !parts.includes('repository')) refuse('parts needs repository', ['parts'])
  return rule as unknown as FieldRule
}

function isTextOrTexts(field: string, value: unknown): boolean {
  if (field !== 'parts' && field !== 'where') return typeof value === 'string'
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
}
