import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { readNodeScript } from '../../src/cli/files/node-script.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith } from '../support/debian.ts'
import { tarOf } from '../support/image-maker.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { reach } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(args)
  expect(exitCode, stderr).toBe(0)
  return stdout
}

/** A layer of one file that is new and one that is as large and the same in all of them. */
async function layer(same: Buffer, version: string): Promise<Buffer> {
  return gzipSync(
    await tarOf([
      [{ name: 'same' }, same],
      [{ name: 'version' }, version],
    ]),
  )
}

testWith(['containerd', 'ctr', 'runc', 'dash'], { root: true })(
  'patches start from whichever of several bundles has the image, and a node that is given them says to merge first',
  async () => {
    const [registry, directory] = [await MemoryRegistry.start(), await temporaryDirectory()]
    const at = (name: string) => join(directory, name)
    const same = randomBytes(100_000)
    const image = `${registry.host}/app:1`
    registry.addImage('other', '1', [await layer(randomBytes(9000), 'other')])
    registry.addImage('app', '1', [await layer(same, 'may')])
    await ok('bundle', '--image', `${registry.host}/other:1`, '-o', at('other.tar'))
    await ok('bundle', '--image', image, '-o', at('may.tar'))
    registry.addImage('app', '1', [await layer(same, 'june')])
    const since = ['--since', at('may.tar'), '--since', at('other.tar')]
    await ok('bundle', '--image', image, ...since, '-o', at('delta.tar'))
    expect(JSON.parse(await ok('inspect', at('delta.tar'), '--json')).patches).toHaveLength(1)
    await ok('merge', at('other.tar'), at('may.tar'), at('delta.tar'), '-o', at('merged.tar'))
    await ok('verify', at('merged.tar'))

    const containerd = await startContainerd()
    await writeFile(at('seed.sh'), await readNodeScript())
    const seeding = runTool('dash', [at('seed.sh'), ...reach(containerd), at('delta.tar')])
    await expect(seeding).rejects.toMatchObject({
      stderr: expect.stringContaining(
        `merge it with its base first, where nodeseed is: nodeseed merge BASE ${at('delta.tar')} -o FILE`,
      ),
    })
    const patched = await runCli(['bundle', '--image', image, '--patch', '-o', at('none.tar')])
    expect(patched).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--since FILE') })
  },
)
