import { open } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { EarlySync } from '../../src/layout/files/parted-file.ts'

test('what the disk says of earlier bytes ends the writing', async () => {
  // A device that can be written and cannot be synced.
  const handle = await open('/dev/full', 'r+')
  onTestFinished(() => handle.close())
  const sync = new EarlySync(handle)
  sync.note(1 << 30)
  await sync.settle()
  expect(() => sync.note(1)).toThrow(/EINVAL/)
  await expect(sync.finish()).rejects.toThrow(/EINVAL/)
})
