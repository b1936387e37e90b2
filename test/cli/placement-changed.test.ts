import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPlacementFile } from '../../src/cli/files/placement-file.ts'
import { OWN_FILES, renderOwnFiles } from '../../src/disk/own-files.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { isRecordedPlacement } from '../../src/seed/recorded-placement.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SET = '0123456789abcdef'

const placement = (...images: string[]) =>
  JSON.stringify({
    namespace: 'n',
    sets: [{ name: 's', digest: SET, label: `s.nodeseed.dev/${SET}`, images }],
    nodes: [],
  })

type Change = (directory: string) => Promise<void>
const write =
  (name: string, text: string): Change =>
  (directory) =>
    writeFile(join(directory, name), text)
const lists = (...paths: string[]) => renderOwnFiles(new Map(paths.map((path) => [path, 'a'.repeat(64)])))

test.for<[what: string, change: Change, free: string | undefined, listed: string | undefined]>([
  ['as it was written', async () => {}, undefined, undefined],
  ['with one more image', write('placement.json', placement('a:1', 'b:1')), 'changed since', 'changed since'],
  ['with the same meaning', write('placement.json', `${placement('a:1')}\n`), 'changed since', 'changed since'],
  ['without the list', (directory) => rm(join(directory, OWN_FILES)), undefined, 'nothing in .nodeseed-files'],
  ['with a list of others', write(OWN_FILES, lists('seed.sh')), undefined, 'nothing in .nodeseed-files'],
  ['with a list that is none', write(OWN_FILES, 'x'), undefined, 'nothing in .nodeseed-files'],
  ['with another digest in the list', write(OWN_FILES, lists('placement.json')), 'changed since', 'changed since'],
])('a placement.json %s', async ([, change, free, listed]) => {
  const directory = await temporaryDirectory()
  const digest = digestOf(placement('a:1')).slice('sha256:'.length)
  await write('placement.json', placement('a:1'))(directory)
  await write(OWN_FILES, renderOwnFiles(new Map([['placement.json', digest]])))(directory)
  await change(directory)
  for (const [mustBeListed, said] of [
    [false, free],
    [true, listed],
  ] as const) {
    const read = readPlacementFile(directory, isRecordedPlacement, { mustBeListed })
    if (said === undefined) expect((await read).sets).toHaveLength(1)
    else await expect(read).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(said) })
  }
})
