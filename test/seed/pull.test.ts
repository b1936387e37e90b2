import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { namesList } from '../support/names-list.ts'
import { runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const NAMES = namesList(
  `name linux/amd64 ${DIGEST} application/vnd.oci.image.index.v1+json 123 docker.io/library/web:1`,
)

/**
 * Answers as ctr does; what it says of itself was seen with 2.2.9 and 2.4.2, and with 1.6.20. The new ones pull through
 * the daemon: a hosts directory that only the script sees is not found, and the manifest of every platform is asked for.
 */
const CTR = `#!/bin/sh
while [ "$1" = -a ] || [ "$1" = -n ]; do shift 2; done
echo "$*" >>"$0.calls"
case "$*" in
  'images check') [ ! -e "$0.pulled" ] || echo 'docker.io/library/web:1 type ${DIGEST} complete (3/3) 1B/1B true' ;;
  'images pull --help') cat "$0.help" ;;
  'images pull '*) echo '└──layer (680225ba1fcb) waiting |------|'; : >"$0.pulled" ;;
esac
`

test.for<[release: string, help: string, flags: string]>([
  ['2', '   --skip-metadata  Skips metadata\n   --local  Fetch content from local client', '--local --skip-metadata '],
  ['1.7', '   --all-metadata  Pull metadata\n   --local  Fetch content from local client', '--local '],
  ['1.6', '   --all-metadata  Pull metadata', ''],
])('ctr %s pulls by itself, this platform alone, and draws no progress into a log', async ([, help, flags]) => {
  const directory = await temporaryDirectory()
  const [ctr, socket, names] = ['ctr', 'containerd.sock', 'names.txt'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(ctr, CTR)
  await chmod(ctr, 0o755)
  await writeFile(`${ctr}.help`, help)
  await writeFile(names, NAMES)
  const server = createServer().listen(socket)
  await once(server, 'listening')
  onTestFinished(() => void server.close())

  const reach = ['--platform', 'linux/amd64', '--address', socket, '--ctr', ctr, '--no-pin']
  const run = await runNodeScript([...reach, '--names', names, '--from-registry', 'http://127.0.0.1:5000'])
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
  const calls = (await readFile(`${ctr}.calls`, 'utf8')).split('\n')
  const pulls = calls.filter((call) => call.startsWith('images pull ') && !call.endsWith('--help'))
  expect(pulls).toEqual([
    expect.stringMatching(new RegExp(`^images pull ${flags}--hosts-dir \\S+ --platform linux/amd64 `)),
  ])
  expect(run.stderr).not.toContain('waiting')
})
