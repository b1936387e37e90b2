import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const NODES = 'examples/seed/nodes.yaml'
const SHOP = 'examples/seed/shop.yaml'

/**
 * For each command runs that fail, by what ends them: `none` is no file, `text` a file with a word in it, `REGISTRY` one that has
 * nothing: it answers at once, where one that is not there is asked again for seconds.
 */
const FAILING: Readonly<Record<string, readonly (readonly [code: string, args: readonly string[]])[]>> = {
  audit: [['INPUT_NOT_FOUND', ['none', '--nodes', NODES]]],
  bundle: [
    ['IMAGES_FAILED', ['--image', 'REGISTRY/a:1', '--platform', 'linux/amd64', '-o', 'out.tar']],
    ['INPUT_INVALID', ['--image', '127.0.0.1:1/a:1', '--sign', 'text', '-o', 'out.tar']],
    ['REFERENCE_INVALID', ['--image', 'A', '-o', 'out.tar']],
  ],
  completion: [['USAGE', ['tcsh']]],
  controller: [['USAGE', ['--server', 'no address']]],
  demo: [['OUTPUT_EXISTS', ['-o', '.']]],
  diff: [['INPUT_NOT_FOUND', ['none', 'text']]],
  explain: [['USAGE', ['nothing like it']]],
  extract: [['INPUT_NOT_FOUND', ['none', '-o', 'out']]],
  inspect: [['BUNDLE_INVALID', ['text']]],
  keygen: [['INPUT_NOT_FOUND', ['-o', 'none/key']]],
  label: [['INPUT_NOT_FOUND', ['none']]],
  load: [['INPUT_NOT_FOUND', ['none']]],
  lock: [
    ['IMAGES_FAILED', ['--image', 'REGISTRY/a:1', '--platform', 'linux/amd64', '-o', 'out.lock']],
    ['INPUT_NOT_FOUND', ['none', '-o', 'out.lock']],
  ],
  merge: [['BUNDLE_INVALID', ['text', '-o', 'out.tar']]],
  patch: [['USAGE', ['text']]],
  push: [['USAGE', ['text', 'a/b/c']]],
  scan: [['INPUT_NOT_FOUND', ['none']]],
  seed: [['INPUT_INVALID', ['text', SHOP, '--nodes', SHOP, '-o', 'out']]],
  serve: [['BUNDLE_INVALID', ['text', '--listen', '127.0.0.1:0']]],
  verify: [['BUNDLE_INVALID', ['text']]],
}

test('no command is left out', async () => {
  const commands = (await readdir('src/commands')).map((file) => file.replace('.ts', ''))
  expect(Object.keys(FAILING).sort()).toEqual(commands.sort())
})

test.for(Object.entries(FAILING).flatMap(([command, runs]) => runs.map(([code, args]) => ({ command, code, args }))))(
  '$command fails with $code in text and in JSON alike',
  async ({ command, code, args }) => {
    const cwd = await temporaryDirectory()
    await writeFile(join(cwd, 'text'), 'word\n')
    const { host } = await MemoryRegistry.start()
    const given = args.map((arg) => (arg.startsWith('examples/') ? join(process.cwd(), arg) : arg))
    const call = [command, ...given.map((arg) => arg.replace('REGISTRY', host))]
    const [text, json] = await Promise.all([runCli(call, { cwd }), runCli([...call, '--json'], { cwd })])
    const { error, failures } = JSON.parse(json.stdout)
    expect({ code: error.code, exitCode: json.exitCode }).toEqual({ code, exitCode: text.exitCode })
    expect({ stdout: text.stdout, stderr: text.stderr }).toEqual({
      stdout: '',
      stderr: expect.stringContaining(`error: ${error.message}\n  try: ${error.hint}\n  code: ${code}\n`),
    })
    if (code === 'IMAGES_FAILED') expect(failures).toMatchObject([{ reference: `${host}/a:1` }])
  },
)
