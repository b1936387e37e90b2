import { expect, test } from 'vitest'
import { mergeLocks } from '../../src/bundle/delta/merge-locks.ts'
import { heldBackFindings, missingFindings } from '../../src/bundle/format/left-out.ts'
import { type Lock, type LockedImage, parseLock } from '../../src/bundle/format/lock.ts'
import { withFirstSeen } from '../../src/bundle/lock/ages/first-seen.ts'
import { asEdition } from '../../src/bundle/lock/edition.ts'
import { joinLocks } from '../../src/bundle/lock/lock.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'

const DAY = 24 * 60 * 60_000
const now = new Date('2026-11-27T12:00:00.750Z')
const NOW = '2026-11-27T12:00:00Z'
const WEEK = 7 * DAY

const image = (reference: string, text: string, firstSeen?: string): LockedImage => {
  const target = { mediaType: OCI_MANIFEST, digest: digestOf(text), size: 1 }
  return { reference, names: [], target, platforms: [], ...(firstSeen && { firstSeen }) }
}
const lock = (images: LockedImage[], waiting: Lock['waiting'] = []): Lock => ({ version: 1, images, waiting })
const WEB = 'a.example/web:1'
const [OLD, NEW] = [image(WEB, 'old'), image(WEB, 'new')]
const waits = (firstSeen: string) => [{ reference: WEB, digest: NEW.target.digest, firstSeen }]

test.for<
  [
    why: string,
    seen: LockedImage,
    previous: Lock | undefined,
    minAge: number | undefined,
    taken: LockedImage[],
    waiting: Lock['waiting'],
  ]
>([
  ['what nobody knew is seen now', NEW, undefined, undefined, [{ ...NEW, firstSeen: NOW }], []],
  [
    'what the last lock knew, it knew since then',
    NEW,
    lock([image(WEB, 'new', '2026-11-01T00:00:00Z')]),
    undefined,
    [image(WEB, 'new', '2026-11-01T00:00:00Z')],
    [],
  ],
  [
    'a digest is known under another name too',
    NEW,
    lock([image('b.example/copy:2', 'new', '2026-11-01T00:00:00Z')]),
    WEEK,
    [image(WEB, 'new', '2026-11-01T00:00:00Z')],
    [],
  ],
  ['a lock from before this was noted knows nothing', NEW, lock([NEW]), undefined, [{ ...NEW, firstSeen: NOW }], []],
  ['what is locked already stays, however new', NEW, lock([NEW]), WEEK, [{ ...NEW, firstSeen: NOW }], []],
  ['a new digest waits, the old one stays', NEW, lock([OLD]), WEEK, [OLD], waits(NOW)],
  ['where there was none, nothing is there', NEW, lock([]), WEEK, [], waits(NOW)],
  ['and without a lock', NEW, undefined, WEEK, [], waits(NOW)],
  [
    'what waits is still new',
    NEW,
    lock([OLD], waits('2026-11-20T12:00:01Z')),
    WEEK,
    [OLD],
    waits('2026-11-20T12:00:01Z'),
  ],
  [
    'until it is old enough',
    NEW,
    lock([OLD], waits('2026-11-20T12:00:00Z')),
    WEEK,
    [{ ...NEW, firstSeen: '2026-11-20T12:00:00Z' }],
    [],
  ],
  [
    'a record of another name does not count',
    NEW,
    lock([OLD], [{ ...waits('2026-11-01T00:00:00Z')[0]!, reference: 'b.example/x:1' }]),
    WEEK,
    [OLD],
    waits(NOW),
  ],
  [
    'nor one of another digest',
    NEW,
    lock([OLD], [{ ...waits('2026-11-01T00:00:00Z')[0]!, digest: digestOf('x') }]),
    WEEK,
    [OLD],
    waits(NOW),
  ],
  ['a record from the future is one of now', NEW, lock([OLD], waits('2027-01-01T00:00:00Z')), WEEK, [OLD], waits(NOW)],
  [
    'also of what is taken',
    NEW,
    lock([image(WEB, 'new', '2027-01-01T00:00:00Z')]),
    undefined,
    [{ ...NEW, firstSeen: NOW }],
    [],
  ],
  [
    'what a lock among the inputs says is no age',
    image(WEB, 'new', '2026-11-01T00:00:00Z'),
    lock([OLD]),
    WEEK,
    [OLD],
    waits(NOW),
  ],
  [
    'and is kept where no age is asked for',
    image(WEB, 'new', '2026-11-01T00:00:00Z'),
    lock([OLD]),
    undefined,
    [image(WEB, 'new', '2026-11-01T00:00:00Z')],
    [],
  ],
  [
    'but the lock that is replaced knows better',
    image(WEB, 'new', '2026-11-01T00:00:00Z'),
    lock([image(WEB, 'new', '2026-11-20T00:00:00Z')]),
    undefined,
    [image(WEB, 'new', '2026-11-20T00:00:00Z')],
    [],
  ],
  [
    'of two images with one digest, of which one was noted, that is known',
    NEW,
    lock([image('a.example/a:1', 'new', '2026-11-01T00:00:00Z'), image('a.example/b:1', 'new')]),
    WEEK,
    [image(WEB, 'new', '2026-11-01T00:00:00Z')],
    [],
  ],
  [
    'without an age what waited is taken',
    NEW,
    lock([OLD], waits('2026-11-26T00:00:00Z')),
    undefined,
    [{ ...NEW, firstSeen: '2026-11-26T00:00:00Z' }],
    [],
  ],
])('%s', ([, seen, previous, minAge, images, waiting]) => {
  expect(withFirstSeen([seen], { previous, now, minAge })).toEqual({ images, waiting })
})

test('who reads a lock is told what waits: with something older in its place, and without', () => {
  const held = lock([OLD], waits(NOW))
  expect(heldBackFindings(held)).toMatchObject([{ code: 'DIGEST_HELD_BACK', message: expect.stringContaining(NOW) }])
  expect(missingFindings(held)).toEqual([])
  const bare = lock([], waits(NOW))
  expect(missingFindings(bare)).toMatchObject([{ code: 'DIGEST_WAITS', subject: WEB }])
  expect(heldBackFindings(bare)).toEqual([])
})

test('a lock says it again when it is read, and holding back is no new edition', () => {
  const before = asEdition(lock([{ ...OLD, firstSeen: NOW }]), { set: 'shop', number: 3 })
  const held = asEdition(lock([{ ...OLD, firstSeen: NOW }], waits(NOW)), {}, before)
  expect(held.edition).toEqual({ set: 'shop', number: 3 })
  expect(parseLock(JSON.parse(JSON.stringify(held)), 'a.lock')).toEqual(held)
})

test('of several locks nothing waits that one of them has taken; what a delta replaces waits no more', () => {
  const [before, after] = [lock([OLD], waits(NOW)), lock([NEW], [])]
  expect(joinLocks([after, before])).not.toHaveProperty('waiting')
  expect(joinLocks([before, after]).waiting).toEqual(waits(NOW))
  const set = { set: 'shop', number: 1 }
  const inputs = [
    { lock: { ...lock([], waits(NOW)), edition: set }, isDelta: false },
    { lock: { ...lock([image('a.example/db:1', 'db')], []), edition: { ...set, number: 2 } }, isDelta: true },
  ]
  expect(mergeLocks(inputs).lock).not.toHaveProperty('waiting')
})

test.for(['yesterday', '2026-11-27', '2026-11-31T00:00:00Z', '2026-11-27T12:00:00+01:00', '2026-11-27T12:00:00.5Z', 5])(
  'no time: %s',
  (firstSeen) => {
    const read = () => parseLock({ version: 1, images: [{ ...NEW, firstSeen }] }, 'a.lock')
    expect(read).toThrow(/a\.lock, images\[0\]/)
  },
)
