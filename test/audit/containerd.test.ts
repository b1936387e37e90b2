import { expect } from 'vitest'
import { presenceOf } from '../../src/audit/facts/images/presence.ts'
import { parseRuntimeListing } from '../../src/audit/facts/images/runtime-listing.ts'
import { criForm, parseReference } from '../../src/oci/reference.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { reach, runNodeScript } from '../support/node-script.ts'
import { writeShop } from '../support/test-images.ts'

testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })(
  'what the audit reads from ctr is what the kubelet would be told',
  async () => {
    const { file, images } = await writeShop()
    const containerd = await startContainerd()
    await runNodeScript([...reach(containerd), file])
    const [web] = images
    const repository = web?.names.at(-1)?.split('@')[0] ?? ''
    await containerd.ctr('images', 'rm', images[1]?.names.at(-1) ?? '')

    const references = [
      ...images.flatMap(({ names }) => names),
      `${repository}:any-tag@${web?.target.digest}`,
      `${repository}:other`,
      `${repository}@sha256:${'0'.repeat(64)}`,
      web?.names[0]?.replace('docker.io/library/', '') ?? '',
    ]
    const listing = parseRuntimeListing(await containerd.ctr('images', 'ls'), 'ctr')
    expect(listing.images.some(({ isPinned }) => isPinned)).toBe(true)
    const told = await Promise.all(references.map((one) => containerd.cri.imageStatus(one)))
    expect(told.filter((image) => image === undefined).length).toBeGreaterThan(2)
    for (const [index, reference] of references.entries()) {
      const { present } = presenceOf(criForm(parseReference(reference)), [listing])
      expect([reference, present]).toEqual([reference, told[index] !== undefined])
    }

    const layer = web?.platforms[0]?.layers.at(-1)?.digest ?? ''
    await containerd.ctr('content', 'rm', layer)
    const checked = parseRuntimeListing(await containerd.ctr('images', 'check'), 'ctr')
    expect(presenceOf(web?.names[0] ?? '', [listing, checked]).problem).toMatch(/^its content is incomplete/)
  },
)
