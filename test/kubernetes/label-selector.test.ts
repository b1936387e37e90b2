import { expect, test } from 'vitest'
import { type LabelSelector, neededLabels, selects } from '../../src/kubernetes/pods/label-selector.ts'

const LABELS = { app: 'web', tier: '' }
const expression = (key: string, operator: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
})

test.for<[rule: string, selector: LabelSelector | null, selected: boolean]>([
  ['none selects nothing', null, false],
  ['an empty one selects everything', {}, true],
  ['a label with that value', { matchLabels: { app: 'web' } }, true],
  ['another value', { matchLabels: { app: 'db' } }, false],
  ['every label counts', { matchLabels: { app: 'web', tier: 'x' } }, false],
  ['In', expression('app', 'In', 'db', 'web'), true],
  ['In, no such label', expression('zone', 'In', 'a'), false],
  ['NotIn', expression('app', 'NotIn', 'web'), false],
  ['NotIn, no such label', expression('zone', 'NotIn', 'a'), true],
  ['Exists, with the empty value', expression('tier', 'Exists'), true],
  ['Exists, a key that objects inherit', expression('toString', 'Exists'), false],
  ['DoesNotExist', expression('app', 'DoesNotExist'), false],
  ['both parts count', { matchLabels: { app: 'web' }, ...expression('zone', 'Exists') }, false],
  ['an operator that is none', expression('app', 'Like', 'web'), false],
])('label selector: %s', ([, selector, selected]) => {
  expect(selects(selector, LABELS)).toBe(selected)
  // What is looked up by a needed label is found by it.
  const needed = selected && selector ? neededLabels(selector) : undefined
  const own = Object.entries(LABELS).map((label) => label.join('='))
  if (needed) expect(needed.some((label) => own.includes(label))).toBe(true)
})
