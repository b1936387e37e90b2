import { expect, test } from 'vitest'
import { ConcurrencyLimit } from '../../src/registry/transfer/concurrency-limit.ts'

/** A limit with endless work, and a link that gives `rate(connections)` bytes a millisecond. */
function simulate({ maximum, rate }: { maximum: number; rate: (connections: number) => number }) {
  let now = 1
  const limit = new ConcurrencyLimit({ start: 4, maximum, now: () => now })
  let running = 0
  let most = 0
  const task = () => {
    running++
    most = Math.max(most, running)
    return new Promise<void>(() => {})
  }
  for (let count = 0; count < 200; count++) limit.run(task)
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 10) {
      now += 10
      limit.transferred(rate(running) * 10)
      await Promise.resolve()
    }
  }
  return { limit, pass, most: () => most }
}

test('a limit widens as long as more connections bring more', async () => {
  const { limit, pass, most } = simulate({ maximum: 32, rate: (connections) => connections * 1000 })
  await pass(3000)
  expect(limit.limit).toBe(32)
  expect(most()).toBe(32)
})

test('a limit stays narrow where more connections bring nothing', async () => {
  const { limit, pass } = simulate({ maximum: 32, rate: () => 4000 })
  await pass(10_000)
  expect(limit.limit).toBe(8)
})

test('a limit halves when the registry has enough, and waits as long as asked', async () => {
  const { limit, pass } = simulate({ maximum: 32, rate: (connections) => connections * 1000 })
  await pass(3000)
  limit.backOff(500)
  expect([limit.limit, limit.pause]).toEqual([16, 500])
  for (let count = 0; count < 10; count++) limit.backOff()
  expect(limit.limit).toBe(1)
})

test('no more than the limit run at the same time, and a failure frees its place', async () => {
  const limit = new ConcurrencyLimit({ start: 2, maximum: 2 })
  let running = 0
  let most = 0
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, count) =>
      limit.run(async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        if (count % 3 === 0) throw new Error('as planned')
      }),
    ),
  )
  expect(most).toBe(2)
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7)
})
