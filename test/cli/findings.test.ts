import { expect, test } from 'vitest'
import { renderFindings } from '../../src/cli/output/findings.ts'
import { omissionsOf, renderOmissions } from '../../src/cli/output/omissions.ts'
import { finding } from '../../src/finding.ts'

const many = Array.from({ length: 12 }, (_, index) =>
  finding('POLICY_ALWAYS', `web${index} is pulled Always`, { severity: 'error', hint: 'Pin it.' }),
)
const other = finding('TAG_MUTABLE', 'db:stable moves', { severity: 'warning', hint: 'Pin it.' })

test('of findings of one code five are said, and how many more there are; with all every one', () => {
  const lines = renderFindings([other, ...many]).split('\n')
  expect(lines).toEqual([
    'error: web0 is pulled Always',
    '  try: Pin it.',
    ...[1, 2, 3, 4].map((index) => `error: web${index} is pulled Always`),
    'error: and 7 more POLICY_ALWAYS, which --all shows',
    'warning: db:stable moves',
  ])
  const all = renderFindings([other, ...many], { all: true }).split('\n')
  expect(all.filter((line) => line.startsWith('error: web'))).toHaveLength(12)
})

test('five are said without a word of more', () => {
  expect(renderFindings(many.slice(0, 5))).not.toContain('more')
})

test('of what is left out five names are said; with all every one', () => {
  const left = Array.from({ length: 7 }, (_, index) =>
    finding('LEFT_OUT_ALWAYS', `web${index} is left out`, { subject: `web${index}` }),
  )
  const omissions = omissionsOf(left)
  expect(renderOmissions(omissions)).toContain('web0, web1, web2, web3, web4 and 2 more')
  expect(renderOmissions(omissions, { all: true })).toContain('web4, web5, web6')
})
