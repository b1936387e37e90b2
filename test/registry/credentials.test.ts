import { chmod, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readAuthFiles } from '../../src/cli/registry/auth-files.ts'
import { SettingError } from '../../src/errors.ts'
import { askCredentialHelper } from '../../src/registry/auth/credential-helper.ts'
import { credentialsFrom, findEntry } from '../../src/registry/auth/credentials.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })

const FILE = {
  auths: {
    'https://index.docker.io/v1/': auth('hub:p:w'),
    'quay.io': auth('host:1'),
    'quay.io/team': auth('team:2'),
    'quay.io/team/app': auth('app:3'),
    'http://127.0.0.1:5000/v2/': auth('local:4'),
    'acr.example': { identitytoken: 'refresh' },
    'empty.example': {},
    'plain.example': { username: 'u', password: 'p' },
    'helper.example': auth('<token>:identity'),
  },
}

test.for<[host: string, repository: string, expected: object | undefined]>([
  ['registry-1.docker.io', 'library/nginx', { username: 'hub', password: 'p:w' }],
  ['quay.io', 'other/app', { username: 'host', password: '1' }],
  ['quay.io', 'team/web', { username: 'team', password: '2' }],
  ['quay.io', 'team/app', { username: 'app', password: '3' }],
  ['quay.io', 'team/app2', { username: 'team', password: '2' }],
  ['127.0.0.1:5000', 'x', { username: 'local', password: '4' }],
  ['acr.example', 'x', { identityToken: 'refresh' }],
  ['helper.example', 'x', { identityToken: 'identity' }],
  ['plain.example', 'x', { username: 'u', password: 'p' }],
  ['empty.example', 'x', undefined],
  ['evil-quay.io', 'team/app', undefined],
])('%s/%s', ([host, repository, expected]) => {
  expect(findEntry(FILE, host, repository)).toEqual(expected)
})

test('a helper is asked once for each host, and never beside another', async () => {
  const asked: string[] = []
  let running = 0
  const find = credentialsFrom(
    [{ credHelpers: { 'quay.io': 'quay' } }, { auths: FILE.auths, credsStore: 'desktop' }],
    async (helper, server) => {
      expect(++running).toBe(1)
      asked.push(`${helper} ${server}`)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return server === 'quay.io' ? { username: 'from', password: 'helper' } : undefined
    },
  )
  const hosts = ['quay.io', 'quay.io', 'ghcr.io', 'ghcr.io', 'plain.example', 'docker.io']
  const found = await Promise.all(hosts.map((host) => find(host, 'team/app')))
  expect(asked.sort()).toEqual(['desktop ghcr.io', 'quay quay.io'])
  expect(found).toEqual([
    { username: 'from', password: 'helper' },
    { username: 'from', password: 'helper' },
    undefined,
    undefined,
    { username: 'u', password: 'p' },
    { username: 'hub', password: 'p:w' },
  ])
})

test.for(['!!!!', Buffer.from('only-a-user').toString('base64'), 'robot:secret'])(
  'credentials that are no user and password, %s, end the run before anything is asked',
  (auth) => {
    const refused = { code: 'INPUT_INVALID', message: expect.stringContaining('the credentials for app.test are no') }
    const { check } = credentialsFrom([{ auths: { 'app.test': { auth } } }], async () => undefined)
    expect(() => check?.('app.test', 'x')).toThrow(SettingError)
    expect(check?.('other.test', 'x')).toBeUndefined()
    expect(() => findEntry({ auths: { 'app.test': { auth } } }, 'app.test', 'x')).toThrow(
      expect.objectContaining(refused),
    )
    expect(findEntry({ auths: { 'app.test': { auth } } }, 'other.test', 'x')).toBeUndefined()
  },
)

/** What a helper that is this shell script answers. */
async function answerOf(script: string, options?: Parameters<typeof askCredentialHelper>[2]): Promise<unknown> {
  const directory = await temporaryDirectory()
  const program = join(directory, 'docker-credential-test')
  await writeFile(program, `#!/bin/sh\n${script}\n`)
  await chmod(program, 0o755)
  vi.stubEnv('PATH', `${directory}${delimiter}${process.env.PATH}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  return askCredentialHelper('test', 'quay.io', options).catch((error) => error)
}

const SECRET = '{"Username":"robot","Secret":"hush"}'

test.for<[script: string, said: string]>([
  ['echo "no keyring is open"; exit 1', 'fails for quay.io (exit code 1; no keyring is open)'],
  ['echo "a trace\nthe token has expired" >&2; exit 3', 'fails for quay.io (exit code 3; the token has expired)'],
  [`echo '${SECRET}'; exit 1`, 'fails for quay.io (exit code 1)'],
  ['kill -TERM $$', 'fails for quay.io (ended by SIGTERM)'],
  ['echo "{}"', 'gives no credentials for quay.io'],
])('a helper that fails is told in its own words: %s', async ([script, said]) => {
  const error = await answerOf(script)
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: `docker-credential-test: ${said}` })
  expect(JSON.stringify(error)).not.toContain('hush')
})

test.for(['exec sleep 9', 'sleep 9 & wait', 'trap "" TERM; sleep 9 & while :; do wait; done'])(
  'a helper that hangs is ended, whatever it started: %s',
  async (script) => {
    expect(await answerOf(script, { limit: 60 })).toMatchObject({
      message: 'docker-credential-test: gives no answer for quay.io within 60ms, and was ended',
      hint: expect.stringContaining('docker-credential-test get'),
    })
  },
)

test('a helper ends with the run', async () => {
  const reason = new Error('over')
  expect(await answerOf('exec sleep 9', { signal: AbortSignal.any([AbortSignal.abort(reason)]) })).toBe(reason)
  const later = new AbortController()
  const answer = answerOf('exec sleep 9', { signal: later.signal })
  setTimeout(() => later.abort(reason), 50)
  expect(await answer).toBe(reason)
})

test('a helper that answers is done, whatever it leaves running', async () => {
  expect(await answerOf(`sleep 9 >/dev/null 2>&1 & echo '${SECRET}'`)).toEqual({
    username: 'robot',
    password: 'hush',
  })
})

test.for<[what: string, env: Record<string, string>, file: string | undefined, found: boolean, said: RegExp]>([
  ['docker config', {}, JSON.stringify(FILE), true, /^$/],
  ['with a mark of its order of bytes', {}, `\uFEFF${JSON.stringify(FILE)}`, true, /^$/],
  ['that is empty', {}, '', false, /^$/],
  ['that holds a line alone', {}, ' \n', false, /^$/],
  ['that is not there', {}, undefined, false, /^$/],
  [
    'in a directory that is not there',
    { DOCKER_CONFIG: '/none' },
    undefined,
    false,
    /^DOCKER_CONFIG names \/none, which/,
  ],
  ['elsewhere', { REGISTRY_AUTH_FILE: '/none/a.json' }, undefined, false, /^REGISTRY_AUTH_FILE names \/none\/a.json/],
  ['in the environment', { DOCKER_AUTH_CONFIG: JSON.stringify(FILE) }, '{"auths":{"quay.io":{}}}', true, /^$/],
])('credentials in a file %s', async ([, env, file, found, said]) => {
  const directory = await temporaryDirectory()
  if (file !== undefined) await writeFile(join(directory, 'config.json'), file)
  const places = { DOCKER_CONFIG: directory, XDG_CONFIG_HOME: directory, XDG_RUNTIME_DIR: '', ...env }
  for (const [name, value] of Object.entries(places)) vi.stubEnv(name, value)
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    written.mockRestore()
    vi.unstubAllEnvs()
  })
  const find = credentialsFrom(await readAuthFiles(), async () => undefined)
  expect(await find('quay.io', 'team/web')).toEqual(found ? { username: 'team', password: '2' } : undefined)
  expect(written.mock.calls.join('')).toMatch(said)
})
