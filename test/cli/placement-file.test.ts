import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'

test('where seed has written nothing, the hint says what to name', async () => {
  const { exitCode, stderr } = await runCli(['patch', 'examples/seed/shop.yaml', '--placement', 'examples'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('try: Name the directory that was given to nodeseed seed with -o.')
})
