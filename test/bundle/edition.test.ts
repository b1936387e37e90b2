import { expect, test } from 'vitest'
import { sharedNumber } from '../../src/bundle/delta/stale-input.ts'
import { type Edition, type Lock, parseLock } from '../../src/bundle/format/lock.ts'
import { renderNames } from '../../src/bundle/format/node-files.ts'
import { asEdition, replayProblem } from '../../src/bundle/lock/edition.ts'
import { joinLocks } from '../../src/bundle/lock/lock.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { lockImage } from '../support/image-maker.ts'

/** A lock of one image, which is another one for each content. */
function lockOf(content: string, edition?: Edition): Lock {
  const target = { mediaType: OCI_MANIFEST, digest: digestOf(content), size: 1 }
  return { version: 1, ...(edition && { edition }), images: [lockImage('docker.io/library/app', '1', target, [])] }
}

const shop = (number: number): Edition => ({ set: 'shop', number })

test.for<[what: string, lock: Lock, told: Partial<Edition>, replaced: Lock | undefined, expected: Edition]>([
  ['the first of no name', lockOf('a'), {}, undefined, { set: 'images', number: 1 }],
  ['the first of a name', lockOf('a'), { set: 'shop' }, undefined, shop(1)],
  ['a lock that has one', lockOf('a', shop(3)), {}, undefined, shop(3)],
  ['a new one', lockOf('b'), {}, lockOf('a', shop(3)), shop(4)],
  ['what did not change', lockOf('a'), {}, lockOf('a', shop(3)), shop(3)],
  ['what goes back to what it was', lockOf('a'), {}, lockOf('b', shop(4)), shop(5)],
  ['another set', lockOf('b'), { set: 'infra' }, lockOf('a', shop(3)), { set: 'infra', number: 1 }],
  ['a number that is told', lockOf('b'), { number: 9 }, lockOf('a', shop(3)), shop(9)],
  ['one that replaces a lock without', lockOf('b'), {}, lockOf('a'), { set: 'images', number: 1 }],
])('the edition of %s', ([, lock, told, replaced, expected]) => {
  expect(asEdition(lock, told, replaced).edition).toEqual(expected)
})

test.for<[what: string, offered: Lock, held: Lock, problem: RegExp | undefined]>([
  ['a newer one', lockOf('b', shop(4)), lockOf('a', shop(3)), undefined],
  ['the same', lockOf('a', shop(3)), lockOf('a', shop(3)), undefined],
  [
    'an older one',
    lockOf('a', shop(3)),
    lockOf('b', shop(4)),
    /it is number 3 of the set shop, older than number 4 that is held/,
  ],
  [
    'another with its number',
    lockOf('b', shop(3)),
    lockOf('a', shop(3)),
    /number 3 of the set shop as what is held, and holds other/,
  ],
  ['one of another set', lockOf('b', { set: 'infra', number: 9 }), lockOf('a', shop(3)), /of the set infra, .* shop/],
  ['one without a number', lockOf('b'), lockOf('a', shop(3)), /it has no set and number/],
  ['one where what is held has none', lockOf('b', shop(3)), lockOf('a'), /what is held has no set and number/],
])('in the place of what is held: %s', ([, offered, held, problem]) => {
  if (problem) expect(replayProblem(offered, held)).toMatch(problem)
  else expect(replayProblem(offered, held)).toBeUndefined()
})

test('several locks of one set are its latest edition, of several sets they are none', () => {
  expect(joinLocks([lockOf('a', shop(2)), lockOf('b', shop(5))]).edition).toEqual(shop(5))
  expect(joinLocks([lockOf('a', shop(2)), lockOf('b', { set: 'infra', number: 1 })]).edition).toBeUndefined()
  expect(joinLocks([lockOf('a', shop(2)), lockOf('b')]).edition).toBeUndefined()
})

test.for([{ set: 'a/b', number: 1 }, { set: 'a', number: 0 }, { set: '', number: 1 }, { set: 'a', number: '1' }, 'x'])(
  'a lock with the edition %j is refused',
  (edition) => {
    expect(() => parseLock({ version: 1, edition, images: [] }, 'x.lock')).toThrow(/x\.lock, edition/)
  },
)

test('nodes are told the edition in the first row', () => {
  expect(renderNames(lockOf('a', shop(3)))).toMatch(/^nodeseed-names 1 [0-9a-f]{16} shop 3\n/)
  expect(renderNames(lockOf('a'))).toMatch(/^nodeseed-names 1 [0-9a-f]{16}\n/)
})

test.for(['0', '-1', '1.5', '1e3', '9007199254740992', '99999999999999999999', 'x'])(
  '--number %s is refused before anything is read',
  async (number) => {
    const { exitCode, stdout, stderr } = await runCli(['merge', 'none.tar', '-o', 'out.tar', '--number', number])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('--number')
  },
)

const images = (number: number): Edition => ({ set: 'images', number })

test.for<[what: string, locks: Lock[], shared: string | undefined]>([
  [
    'two of one number with other images',
    [lockOf('a', images(1)), lockOf('b', images(1))],
    'number 1 of the set images',
  ],
  [
    'two of three',
    [lockOf('a', images(2)), lockOf('b', images(1)), lockOf('c', images(2))],
    'number 2 of the set images',
  ],
  ['twice the same', [lockOf('a', images(1)), lockOf('a', images(1))], undefined],
  ['two numbers', [lockOf('a', images(1)), lockOf('b', images(2))], undefined],
  ['a set that has a name', [lockOf('a', shop(1)), lockOf('b', shop(1))], undefined],
  ['none', [lockOf('a'), lockOf('b')], undefined],
])('the number that several share in the set that nobody named: %s', ([, locks, shared]) => {
  expect(sharedNumber(locks)).toBe(shared)
})
