import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { closest } from '../../src/cli/output/closest.ts'
import { withNearPath } from '../../src/cli/texts/near-path.ts'
import { type ExpectedError, readError } from '../../src/errors.ts'
import { runCli } from '../support/cli.ts'

test.for<[args: string[], message: string, hint: string]>([
  [
    ['--bogus', 'scan'],
    '--bogus stands where a command belongs',
    'Name the command first: nodeseed COMMAND [FLAGS]. See all commands: nodeseed --help',
  ],
  [
    ['completion', 'tcsh'],
    'nodeseed completion: "tcsh" is none of bash, fish, zsh',
    'See what it takes: nodeseed completion --help',
  ],
  [
    ['scan'],
    'no input to scan',
    'Name a file, a directory, an image list, - for standard input, or a distribution with --distro; or inputs in a nodeseed.yaml here.',
  ],
  [
    ['bundle', '-o', 'x.tar'],
    'no input, and no image',
    'Name manifests, a directory, a chart, a list of images or a lock; images with --image, or a distribution with --distro; or inputs in a nodeseed.yaml here.',
  ],
  [['push', 'a.tar'], 'nodeseed push: missing argument: REGISTRY', 'See what it takes: nodeseed push --help'],
  [['verify', 'a', 'b'], 'nodeseed verify: unexpected argument: b', 'See what it takes: nodeseed verify --help'],
  [
    ['audit', 'x.yaml', '--node', 'y'],
    'nodeseed audit: unknown flag: --node',
    'Did you mean --nodes? See what it takes: nodeseed audit --help',
  ],
  [['lock', 'x'], 'nodeseed lock: needs one of --check, --output', 'See what it takes: nodeseed lock --help'],
  [
    ['scan', 'x', '--format', 'tables'],
    'nodeseed scan: --format: "tables" is none of table, images',
    'Did you mean table? See what it takes: nodeseed scan --help',
  ],
  [
    ['bundle', 'x', '--timeout'],
    'nodeseed bundle: --timeout needs a value',
    'See what it takes: nodeseed bundle --help',
  ],
  [
    ['bundle', 'x', '--split', 'nope', '-o', 'y'],
    '--split: not a size: "nope"',
    'Write it as 4GB, 650MiB or a number of bytes, at least 64KiB.',
  ],
  [
    ['lock', '--image', 'a.example/b:1', '-o', 'x.lock', '--plain-http', 'a.example/team'],
    '--plain-http: not a host: "a.example/team"',
    'Write HOST or HOST:PORT, such as mirror.local:5000.',
  ],
  [
    ['seed', 'b', 'x'],
    'nodeseed seed: missing flag: --nodes, --output',
    'The list of nodes is what kubectl get nodes -o json > nodes.json writes. See what it takes: nodeseed seed --help',
  ],
  [
    ['seed', 'b', '--nodes', 'n', '-o', 'o', '--spread', '0'],
    'nodeseed seed: --spread: "0" is less than 1',
    'See what it takes: nodeseed seed --help',
  ],
  [
    ['seed', 'b', '--nodes', 'n', '-o', 'o', '--spread', 'two'],
    'nodeseed seed: --spread: not a whole number: "two"',
    'See what it takes: nodeseed seed --help',
  ],
  [
    ['patch', 'x', '--in-place', '-o', 'y', '--policy', 'Never'],
    'nodeseed patch: --output and --in-place exclude each other',
    'See what it takes: nodeseed patch --help',
  ],
  [
    ['serve', 'x', '--in-cluster', 'y'],
    'nodeseed serve: --in-cluster needs --sandbox-image',
    'See what it takes: nodeseed serve --help',
  ],
  [['keygen', 'mine'], 'nodeseed keygen: unexpected argument: mine', 'See what it takes: nodeseed keygen --help'],
  [['scam', 'x'], 'no such command: scam', 'Did you mean: nodeseed scan? All commands: nodeseed --help'],
  [['nosuchcommand'], 'no such command: nosuchcommand', 'See all commands: nodeseed --help'],
])(
  'a wrong command line is one line, one hint, one code, for people and for programs: %j',
  async ([args, message, hint]) => {
    const text = await runCli(args)
    expect(text).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: ${message}\n  try: ${hint}\n  code: USAGE\n`,
    })
    const { exitCode, stdout, stderr } = await runCli([...args, '--json'])
    expect({ exitCode, stderr, answer: JSON.parse(stdout) }).toEqual({
      exitCode: 2,
      stderr: '',
      answer: { error: { code: 'USAGE', message, hint } },
    })
  },
)

test('two formats at once are refused, in JSON, which was asked for', async () => {
  const { exitCode, stdout } = await runCli(['scan', 'README.md', '-o', 'yaml', '--json'])
  expect({ exitCode, answer: JSON.parse(stdout) }).toMatchObject({ exitCode: 2, answer: { error: { code: 'USAGE' } } })
})

test.for<[word: string, meant: string | undefined]>([
  ['scna', 'scan'],
  ['SCAN', 'scan'],
  ['audti', 'audit'],
  ['bundel', 'bundle'],
  ['veryfi', 'verify'],
  ['x', undefined],
  ['kubectl', undefined],
])('%s: did you mean %s?', ([word, meant]) => {
  expect(closest(word, ['audit', 'bundle', 'scan', 'seed', 'verify'])).toBe(meant)
})

test.for<[path: string, meant: string | undefined]>([
  ['REEDME.md', 'README.md'],
  ['docs/whitch-node.md', 'docs/which-node.md'],
  ['docs/nothing-like-it', undefined],
  ['no-such-directory/README.md', undefined],
])('of a file that is not there the one beside it is named: %s', async ([path, meant]) => {
  const error = readError(path, await readFile(path).catch((cause: unknown) => cause)) as ExpectedError
  const { advice } = error
  expect((await withNearPath(error)).advice).toBe(meant ? `Did you mean ${meant}? ${advice}` : advice)
})
