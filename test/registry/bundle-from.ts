import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { verifyBundle } from '../../src/bundle/check/verify.ts'
import { fillBundle } from '../../src/bundle/fill/fill.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { lockImages } from '../../src/bundle/lock/lock.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import { parseReference } from '../../src/oci/reference.ts'
import type { FindCredentials } from '../../src/registry/auth/credentials.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import type { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PLATFORMS = [{ os: 'linux', architecture: 'amd64' }]

/** What became of one run: the codes of what failed, or that the bundle is right. */
export async function bundleFrom(
  registry: MemoryRegistry,
  findCredentials?: FindCredentials,
  mirror?: MemoryRegistry,
): Promise<ErrorCode[] | 'right'> {
  const client = new RegistryClient({
    retry: { attempts: 4, delay: 2 },
    timeouts: { headTimeout: 150, bodyTimeout: 150 },
    ...(findCredentials && { findCredentials }),
    ...(mirror && { mirrors: [{ from: registry.host, to: mirror.host }] }),
  })
  onTestFinished(() => client.close())
  const directory = await temporaryDirectory()
  const out = join(directory, 'out.tar')
  const locked = await lockImages([parseReference(`${registry.host}/app:1`)], PLATFORMS, client)
  const codes = locked.failures.map(({ error }) => error.code)
  if (codes.length > 0) return codes
  const plan = planBundle(locked.lock)
  const writer = await BundleWriter.create(out, plan)
  const { failures } = await fillBundle({ lock: locked.lock, files: plan.files }, client, writer, locked)
  if (failures.length > 0) {
    await writer.leave()
    expect(await readdir(directory)).not.toContain('out.tar')
    return failures.map(({ error }) => error.code)
  }
  await writer.commit()
  const bundle = await openBundle(out)
  onTestFinished(() => bundle.close())
  expect(await verifyBundle(bundle)).toEqual([])
  return 'right'
}
