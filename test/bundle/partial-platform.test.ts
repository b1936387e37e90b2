import { expect, onTestFinished, test } from 'vitest'
import { lockImages } from '../../src/bundle/lock/lock.ts'
import { formatPlatform } from '../../src/oci/platform.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }

/** What containerd makes of a platform that an index says in part: `ctr images import` of each was tried, with 1.6 and 2.4. */
test.for<[what: string, platform: unknown, taken: string]>([
  ['none', undefined, 'linux/amd64'],
  ['null', null, 'linux/amd64'],
  ['no system', { architecture: 'amd64' }, 'linux/amd64'],
  ['an empty system', { os: '', architecture: 'amd64' }, 'linux/amd64'],
  ['nothing of it', {}, 'it has linux/unknown'],
  ['no architecture', { os: 'linux' }, 'it has linux/unknown'],
  ['empty words', { os: '', architecture: '' }, 'it has linux/unknown'],
])('an index that says of a child %s', async ([, platform, taken]) => {
  const registry = await MemoryRegistry.start()
  registry.addIndex('app', '1', [{ ...registry.addImage('app', undefined, [], { platform: AMD64 }), platform }])
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  const { lock, failures } = await lockImages([parseReference(`${registry.host}/app:1`)], [AMD64], client)
  const held = lock.images.flatMap((image) => image.platforms.map((one) => formatPlatform(one.platform)))
  expect([...held, ...failures.map(({ error }) => error.message)].join()).toContain(taken)
})

test('a platform that several nodes have is locked once, of a manifest as of an index', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('plain', '1', [], { platform: AMD64 })
  registry.addIndex('index', '1', [
    { ...registry.addImage('index', undefined, [], { platform: AMD64 }), platform: AMD64 },
  ])
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  const references = ['plain', 'index'].map((name) => parseReference(`${registry.host}/${name}:1`))
  const { lock } = await lockImages(references, [AMD64, AMD64, AMD64], client)
  expect(lock.images.map(({ platforms }) => platforms.length)).toEqual([1, 1])
})
