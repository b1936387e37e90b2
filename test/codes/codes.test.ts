import { glob, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Code } from '../../src/codes/code.ts'
import { ERROR_CODES } from '../../src/codes/error-codes.ts'
import { ExpectedError } from '../../src/errors.ts'
import { finding } from '../../src/finding.ts'
import { FINDING_CODES, type FindingCode } from '../../src/finding-codes.ts'

const ROWS = Object.entries({ ...ERROR_CODES, ...FINDING_CODES }) as [FindingCode, Code][]

test.for(ROWS)(
  '%s says what it is, what it means and what to do',
  ([code, { kind, severity, title, help, action }]) => {
    expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/)
    expect(title, 'one line without full stop').toMatch(/^[A-Z].{8,90}[^.]$/)
    expect(help, 'whole sentences').toMatch(/^[A-Z].{40,}\.$/)
    expect(action).toMatch(/^[A-Z].{10,}/)
    if (kind === 'error') expect(severity).toBe('error')
    if (kind === 'note') expect(severity).toBe('info')
  },
)

test('every code is said by something', async () => {
  const files = await Array.fromAsync(glob('src/**/*.ts'))
  const found = new Set<string>()
  for (const file of files.filter((name) => !name.startsWith('src/codes/'))) {
    for (const [, code] of (await readFile(file, 'utf8')).matchAll(/'([A-Z][A-Z_]+)'/g)) found.add(code ?? '')
  }
  expect(ROWS.map(([code]) => code).filter((code) => !found.has(code))).toEqual([])
})

test('a finding has severity and hint of its row, unless the case says otherwise', () => {
  expect(finding('POLICY_INVALID', 'm')).toEqual({
    code: 'POLICY_INVALID',
    severity: 'error',
    message: 'm',
    hint: 'Write one of Always, IfNotPresent, Never.',
    file: undefined,
    line: undefined,
  })
  const place = { file: 'a.yaml', line: 3 }
  expect(finding('NO_IMAGE_FOR_PLATFORM', 'm', { severity: 'error', hint: 'h', ...place })).toEqual({
    code: 'NO_IMAGE_FOR_PLATFORM',
    severity: 'error',
    message: 'm',
    hint: 'h',
    ...place,
  })
})

test('neither an unknown code nor a severity that the row does not allow compiles', () => {
  // @ts-expect-error no such code
  expect(() => finding('NO_SUCH_CODE', 'm')).toThrow(TypeError)
  // @ts-expect-error the row allows error only
  finding('POLICY_INVALID', 'm', { severity: 'info' })
})

test('an error advises what its row says, unless the case says otherwise, and carries data', () => {
  const { message, code, advice, exitCode, data } = new ExpectedError('DENIED', 'm', { registry: 'r.io', status: 403 })
  expect({ message, code, advice, exitCode, data }).toEqual({
    message: 'm',
    code: 'DENIED',
    advice: ERROR_CODES.DENIED.action,
    exitCode: 3,
    data: { registry: 'r.io', status: 403 },
  })
  expect(new ExpectedError('DENIED', 'm', { hint: 'h' }).advice).toBe('h')
})
