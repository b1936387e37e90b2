// Makes what a release publishes, into release/: the package, the single executables and the licences of what is in them,
// notes.md with what the changelog says of this version, SHA256SUMS, and its signature.
//   node bin/release-files.js [--arch x64] [--arch arm64] [--packages] [--throwaway-key]
// --packages also makes those of Debian and of the rpm world (bin/build-packages.js).
// The key is PEM, in NODESEED_RELEASE_KEY; its public half has to be release.pub. With --throwaway-key one is made for
// this run alone, and its public half put beside the signature.
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { notesOf } from './changelog.js'

const root = join(import.meta.dirname, '..')
const release = join(root, 'release')
const LICENCES = 'nodeseed-licences.txt'
const { values } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true, default: ['x64', 'arm64'] },
    packages: { type: 'boolean', default: false },
    'throwaway-key': { type: 'boolean', default: false },
  },
})

process.chdir(root)
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const notes = notesOf(readFileSync('CHANGELOG.md', 'utf8'), version)
if (!notes) fail(`CHANGELOG.md says nothing of ${version}: release it with \`npm run release -- ${version}\``)
const key = values['throwaway-key'] ? throwawayKey() : releaseKey()
rmSync(release, { recursive: true, force: true })
mkdirSync(release)

const [{ filename }] = JSON.parse(output('npm', ['pack', '--json', '--pack-destination', release]))
const binaries = values.arch.map((arch) => output(process.execPath, ['bin/build-binary.js', '--arch', arch]).trim())
cpSync('dist/licences.txt', join(release, LICENCES))
if (values.packages) output(process.execPath, ['bin/build-packages.js', ...values.arch.map((arch) => `--arch=${arch}`)])
const packages = readdirSync(release).filter((name) => /\.(?:deb|rpm)$/.test(name))
const files = [filename, LICENCES, ...binaries.map((file) => basename(file)), ...packages].sort()
let sums = ''
for (const file of files) sums += `${await sha256(join(release, file))}  ${file}\n`
const signature = sign('sha256', Buffer.from(sums), key)
if (!verify('sha256', Buffer.from(sums), createPublicKey(key), signature)) fail('the signature is not one')

write('SHA256SUMS', sums)
write('SHA256SUMS.sig', `${signature.toString('base64')}\n`)
if (values['throwaway-key']) write('throwaway.pub', pemOf(createPublicKey(key)))
write('notes.md', `${notes}\n`)
process.stdout.write(sums)

function throwawayKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/** The key of the environment, which has to be the one whose public half users have. */
function releaseKey() {
  if (!process.env.NODESEED_RELEASE_KEY) fail('NODESEED_RELEASE_KEY is not set; --throwaway-key tries without it')
  if (!existsSync('release.pub')) fail('release.pub is not there, so nobody could check the signature')
  const key = createPrivateKey(process.env.NODESEED_RELEASE_KEY)
  const known = createPublicKey(readFileSync('release.pub', 'utf8'))
  if (pemOf(createPublicKey(key)) !== pemOf(known)) fail('release.pub is not the public half of NODESEED_RELEASE_KEY')
  return key
}

function pemOf(publicKey) {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

async function sha256(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function output(program, args) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

function write(name, text) {
  writeFileSync(join(release, name), text)
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
