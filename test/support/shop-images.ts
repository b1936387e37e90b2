import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer } from './image-maker.ts'

/** The images of examples/seed/shop.yaml: `web` for two architectures, `report` for amd64 alone. */
export async function shopImages(blobs: Blobs): Promise<LockedImage[]> {
  const base = await makeLayer(blobs, { 'etc/os-release': 'ID=shop\n' })
  const content = await makeLayer(blobs, { 'srv/index.html': '<h1>shop</h1>\n' })
  const web = ['linux/amd64', 'linux/arm64'].map((platform) => makeImage(blobs, [base, content], { platform }))
  const report = makeImage(blobs, [base], { platform: 'linux/amd64', command: ['/report'] })
  return [
    lockImage('registry.example/shop/web', '1.4', makeIndex(blobs, web, ['linux/386']), web),
    lockImage('registry.example/shop/report', '2', report.manifest, [report]),
  ]
}
