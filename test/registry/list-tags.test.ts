import { expect, onTestFinished, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { MemoryRegistry, type Misbehave } from '../support/memory-registry.ts'

async function tagsOf(misbehave: Misbehave): Promise<readonly string[]> {
  const registry = await MemoryRegistry.start()
  registry.misbehave = misbehave
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  return client.listTags(parseReference(`${registry.host}/charts/web`))
}

test('every tag is listed, page by page', async () => {
  const tags = await tagsOf(({ url = '' }, response) => {
    const { searchParams } = new URL(url, 'http://registry')
    const last = searchParams.get('last')
    if (!last) response.setHeader('link', '</v2/charts/web/tags/list?last=2&n=2>; rel="next"')
    return response.end(JSON.stringify({ name: 'charts/web', tags: last ? ['3'] : ['1', '2'] }))
  })
  expect(tags).toEqual(['1', '2', '3'])
})

test.for<[what: string, answer: string, link: string | undefined, message: RegExp]>([
  ['no JSON', 'tags: 1', undefined, /what is no list of tags/],
  ['a list that is none', '{"tags": "1.0"}', undefined, /what is no list of tags/],
  ['pages without end', '{"tags": ["1"]}', '</v2/charts/web/tags/list?last=1>; rel="next"', /lists them without end/],
])('%s is refused', async ([, answer, link, message]) => {
  const listing = tagsOf((_, response) => {
    if (link) response.setHeader('link', link)
    return response.end(answer)
  })
  await expect(listing).rejects.toMatchObject({ code: 'REGISTRY_ERROR', message: expect.stringMatching(message) })
})

test('a repository without tags has none', async () => {
  expect(await tagsOf((_, response) => response.end('{"name": "charts/web", "tags": null}'))).toEqual([])
})
