import { rmSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onEarlyEnd } from '../../early-end.ts'
import { ExpectedError, readError, writeError } from '../../errors.ts'
import { ByteFile } from '../../layout/files/byte-file.ts'
import { openContentOf } from '../../layout/open-content.ts'
import type { Content } from '../../oci/content/content.ts'
import { runTool } from '../../tools/run-tool.ts'
import type { LocalStore, StoreClient } from './local-store.ts'

/** Some stores save gigabytes from slow disks. */
const TIMEOUT = 4 * 60 * 60 * 1000
const MAX_LISTING = 64 * 1024 * 1024

/**
 * Every name in a store of this machine, and the client that gave them.
 *
 * @throws {ExpectedError} STORE_UNREADABLE where there is no client, or it fails
 */
export async function listStore(store: LocalStore): Promise<{ client: StoreClient; names: string[] }> {
  for (const client of store.clients) {
    const result = await runTool(client.program, client.list, { timeout: TIMEOUT, maxBytes: MAX_LISTING })
    if (result.outcome === 'missing') continue
    if (result.outcome === 'failed') throw failed(store, client, result.why)
    return { client, names: result.stdout.split('\n').filter((name) => name && !name.includes('<none>')) }
  }
  const programs = store.clients.map(({ program }) => program).join(' or ')
  throw new ExpectedError('STORE_UNREADABLE', `${store.scheme}: there is no ${programs} on this machine`, {
    hint: store.hint,
  })
}

/**
 * What a store's own program saves of images, as a file in the system's temporary directory that has no name any more.
 *
 * @throws {ExpectedError} STORE_UNREADABLE when the program fails; BUNDLE_INVALID when what it saved is no archive
 */
export async function saveFromStore(
  store: LocalStore,
  client: StoreClient,
  names: readonly string[],
  label: string,
): Promise<Content> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-from-')).catch((error) => {
    throw writeError(tmpdir(), error)
  })
  const forget = onEarlyEnd(() => rmSync(directory, { recursive: true, force: true }))
  try {
    const file = join(directory, 'saved.tar')
    const result = await runTool(client.program, client.save(file, names), { timeout: TIMEOUT, maxBytes: MAX_LISTING })
    if (result.outcome !== 'done') throw failed(store, client, result.outcome === 'failed' ? result.why : 'it is gone')
    const handle = await open(file).catch((error) => {
      throw readError(file, error)
    })
    const { size } = await handle.stat()
    return await openContentOf(ByteFile.ofHandle(label, handle, size))
  } finally {
    // What is open stays readable.
    await rm(directory, { recursive: true, force: true })
    forget()
  }
}

function failed({ scheme, hint }: LocalStore, { program }: StoreClient, why: string): ExpectedError {
  return new ExpectedError('STORE_UNREADABLE', `${scheme}: ${program} fails: ${why}`, {
    hint: `Check the name, and that ${program} works for this user. ${hint}`,
  })
}
