import { expect, test } from 'vitest'
import { describeQuota, PullQuota, quotaHint, readQuota } from '../../src/registry/http/pull-quota.ts'

const NOW = 1_800_000_000_000

test.for<[what: string, headers: Record<string, string>, expected: object | undefined]>([
  [
    'Docker Hub, anonymous',
    {
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '76;w=21600',
      'docker-ratelimit-source': '203.0.113.5',
    },
    { limit: 100, remaining: 76, window: 21_600, renewedBy: NOW + 21_600_000, source: '203.0.113.5' },
  ],
  ['no word of a limit', { 'content-type': 'text/plain' }, undefined],
  ['a limit alone says nothing of what is left', { 'ratelimit-limit': '100;w=21600' }, undefined],
  [
    'seconds until the reset',
    { 'ratelimit-limit': '60', 'ratelimit-remaining': '0', 'ratelimit-reset': '12' },
    { limit: 60, remaining: 0, window: undefined, renewedBy: NOW + 12_000, source: undefined },
  ],
  [
    'GitLab: the moment of the reset',
    { 'ratelimit-limit': '60', 'ratelimit-remaining': '1', 'ratelimit-reset': '1800000030' },
    { limit: 60, remaining: 1, window: undefined, renewedBy: 1_800_000_030_000, source: undefined },
  ],
  [
    'nobody knows when it is renewed',
    { 'ratelimit-remaining': '3' },
    { limit: 3, remaining: 3, window: undefined, renewedBy: undefined, source: undefined },
  ],
  ['what is no number', { 'ratelimit-limit': 'many', 'ratelimit-remaining': 'some' }, undefined],
  [
    'a source that would draw on a terminal is dropped',
    { 'ratelimit-remaining': '3', 'docker-ratelimit-source': '\u001b[2J' },
    { limit: 3, remaining: 3, window: undefined, renewedBy: undefined, source: undefined },
  ],
])('%s', ([, headers, expected]) => {
  expect(readQuota({ headers, status: 200 }, NOW)).toEqual(expected)
})

test('a refusal that names only the limit leaves nothing', () => {
  expect(readQuota({ headers: { 'ratelimit-limit': '100;w=21600' }, status: 429 }, NOW)).toMatchObject({ remaining: 0 })
})

test('a quota in words, and what to do about it', () => {
  const quota = { limit: 100, remaining: 12, window: 21_600, renewedBy: undefined, source: '2001:db8::/64' }
  expect(describeQuota(quota)).toBe('12 of 100 manifests in 6 hours for 2001:db8::/64')
  expect(describeQuota({ ...quota, window: 60, source: undefined })).toBe('12 of 100 manifests in 60 seconds')
  expect(quotaHint('docker.io', quota)).toMatch(/^Log in with docker login docker\.io /)
  expect(quotaHint('docker.io', { source: 'a6f3c1de-1d0f-4c52-8f0e-0e4d5f3a7b21' })).toMatch(/^Take a mirror/)
})

/** A pull quota after an answer with these headers, and a clock that tests move. */
function after(headers: Record<string, string>) {
  const clock = { now: NOW }
  const pullQuota = new PullQuota(() => clock.now)
  pullQuota.observe({ headers, status: 200 })
  let asked = 0
  const get = async () => {
    asked++
    return { url: new URL('http://registry'), status: 200, headers: {}, body: Buffer.alloc(0) }
  }
  const take = () => pullQuota.request(get, { registry: 'docker.io', what: 'manifest x' }, new AbortController().signal)
  return { clock, pullQuota, take, asked: () => asked }
}

const HUB = (remaining: number) => ({
  'ratelimit-limit': '100;w=21600',
  'ratelimit-remaining': `${remaining};w=21600`,
})

test('a registry that gives no more is not asked, until its window has passed', async () => {
  const { clock, pullQuota, take, asked } = after(HUB(0))
  expect(pullQuota.isSpent).toBe(true)
  await expect(take()).rejects.toMatchObject({
    code: 'TOOMANYREQUESTS',
    message: 'manifest x: docker.io gives no more: 0 of 100 manifests in 6 hours left',
  })
  expect(asked()).toBe(0)
  clock.now += 21_600_000
  expect(pullQuota.isSpent).toBe(false)
  await take()
  expect(asked()).toBe(1)
})

test('what is on its way counts: of three at the same time, two are asked', async () => {
  const { take, asked } = after(HUB(2))
  const outcomes = await Promise.allSettled([take(), take(), take()])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect(asked()).toBe(2)
})

test('a limit that is renewed at once is waited for', async () => {
  const { take, asked } = after({ 'ratelimit-remaining': '0', 'ratelimit-reset': '0' })
  await take()
  expect(asked()).toBe(1)
})

test('where nobody says when it is renewed, the registry is asked', async () => {
  const { pullQuota, take, asked } = after({ 'ratelimit-remaining': '0' })
  expect(pullQuota.isSpent).toBe(false)
  await take()
  expect(asked()).toBe(1)
})
