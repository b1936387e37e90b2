import { withPlaces } from '../../bundle/lock/source-images.ts'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isContentOf } from '../../oci/digest.ts'
import { formatReference, type Reference, repositoryName } from '../../oci/reference.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'

/** Where charts and artifacts are had from. */
export interface ArtifactDoor {
  /** @throws {ExpectedError} what registries throw; MANIFEST_UNKNOWN where only places may be asked and none has it */
  resolve(reference: Reference): Promise<Descriptor>
  tags(repository: Reference): Promise<readonly string[]>
  readDocument(repository: Reference, descriptor: Descriptor): Promise<Uint8Array>
  /** A blob, whole and hashed. @throws {ExpectedError} UNSUPPORTED for one that is too large to be looked into */
  readBlob(repository: Reference, blob: Descriptor): Promise<Buffer>
}

/** Bytes: charts are a few hundred KiB; what is larger is carried, and not looked into. */
const MAX_BLOB = 64 * 1024 * 1024

/** Places of this machine, in their order, and then registries unless none may be asked. */
export function artifactDoor(client: RegistryClient, places: readonly Content[], isOffline: boolean): ArtifactDoor {
  const source = withPlaces(client, places, { isOffline })
  const holder = ({ digest }: Descriptor) => places.find(({ blobs }) => blobs.has(digest))
  return {
    resolve: (reference) => source.resolve(reference),
    async tags(repository) {
      const prefix = `${repositoryName(repository)}:`
      const names = places.flatMap((place) => [...place.names.keys()].filter((name) => name.startsWith(prefix)))
      const held = names.map((name) => name.slice(prefix.length))
      return isOffline ? held : [...held, ...(await client.listTags(repository))]
    },
    readDocument: async (repository, descriptor) =>
      (await holder(descriptor)?.readDocument(descriptor.digest)) ?? source.readDocument(repository, descriptor),
    async readBlob(repository, blob) {
      if (blob.size > MAX_BLOB) throw tooLarge(repository, blob)
      const place = holder(blob)
      const bytes = place ? await wholeBlob(place, blob) : await download(client, repository, blob)
      if (isContentOf(blob.digest, bytes)) return bytes
      throw notWhatItSays(repository, blob)
    },
  }
}

async function wholeBlob(place: Content, { digest }: Descriptor): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(place.openBlob(digest)))
}

async function download(client: RegistryClient, repository: Reference, blob: Descriptor): Promise<Buffer> {
  const bytes = Buffer.alloc(blob.size)
  const sink = {
    received: 0,
    write(chunk: Uint8Array): undefined {
      if (sink.received + chunk.byteLength > blob.size) throw notWhatItSays(repository, blob)
      bytes.set(chunk, sink.received)
      sink.received += chunk.byteLength
    },
  }
  await client.readBlob(repository, blob, sink)
  return bytes.subarray(0, sink.received)
}

function notWhatItSays(repository: Reference, { digest }: Descriptor): ExpectedError {
  const problem = `blob ${digest} is damaged, or somebody changed it`
  return new ExpectedError('CONTENT_MISMATCH', `${formatReference(repository)}: ${problem}`, {
    hint: 'Ask another mirror, or have it pushed again.',
  })
}

function tooLarge(repository: Reference, { digest, size }: Descriptor): ExpectedError {
  const problem = `blob ${digest} has ${size} bytes, too many to be a chart or manifests`
  return new ExpectedError('UNSUPPORTED', `${formatReference(repository)}: ${problem}`, {
    hint: 'Take it with --image, which does not look into it.',
  })
}
