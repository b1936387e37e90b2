import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../support/cli.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const POD = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: "${REGISTRY}/a:${TAG}"}]}\n'

async function scan(vars: string, ...flags: string[]) {
  const directory = await temporaryDirectory()
  const [pod, file] = [join(directory, 'pod.yaml'), join(directory, 'vars.env')]
  await writeFile(pod, POD)
  await writeFile(file, vars)
  return runCli(['scan', '--format', 'images', pod, '--var-file', file, ...flags])
}

test.for<[why: string, vars: string]>([
  ['assignments', 'REGISTRY=x.io\nTAG=1.2\n'],
  ['comments, blank lines and export', '# ours\n\nexport REGISTRY=x.io # here\nTAG=1.2\n'],
  ['quotes', `REGISTRY="x.io"\nTAG='1.2'\n`],
  ['line ends of Windows', 'REGISTRY=x.io\r\nTAG=1.2\r\n'],
  ['a value of several lines', 'NOTE="one\ntwo"\nREGISTRY=x.io\nTAG=1.2\n'],
])('a file with %s fills placeholders in', async ([, vars]) => {
  expect(await scan(vars)).toMatchObject({ exitCode: 0, stdout: 'x.io/a:1.2\n', stderr: '' })
})

test('the command line comes before a file', async () => {
  expect((await scan('REGISTRY=x.io\nTAG=1.2\n', '--var', 'TAG=1.3')).stdout).toBe('x.io/a:1.3\n')
})

test('a line that is no assignment is named', async () => {
  const { exitCode, stderr } = await scan('REGISTRY=x.io\n\nTAG 1.2\n')
  expect(exitCode).toBe(2)
  expect(stderr).toContain('vars.env:3: is no NAME=VALUE')
})

test('a file that is not there is named', async () => {
  const { exitCode, stderr } = await scan('', '--var-file', 'missing.env')
  expect(exitCode).toBe(2)
  expect(stderr).toContain('missing.env: no such file or directory')
})
