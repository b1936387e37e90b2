import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'

test.for<[args: string[], message: RegExp]>([
  [['scan'], /^Missing 1 required arg/],
  [['audit', 'x.yaml', '--bogus'], /^Nonexistent flag: --bogus/],
  [['push', 'a.tar'], /^Missing 1 required arg/],
  [['lock'], /Exactly one of the following must be provided: --check, --output/],
])('with --json a wrong command line is a small JSON document too: %j', async ([args, message]) => {
  const { exitCode, stdout } = await runCli([...args, '--json'])
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'USAGE', message: expect.stringMatching(message) } })
})
