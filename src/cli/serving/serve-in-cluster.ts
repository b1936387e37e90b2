import { basename } from 'node:path'
import type { Interfaces } from '@oclif/core'
import { toolsAmong } from '../../bundle/format/node-files.ts'
import { writeOutputDirectory } from '../../disk/output-directory.ts'
import { ExpectedError } from '../../errors.ts'
import { quote } from '../../quote.ts'
import { REGISTRY_LABEL, serveResources } from '../../seed/output/serve-resources.ts'
import { openTrusted } from '../bundles/trusted-bundle.ts'
import type { serveFlags } from '../flags/serve-flags.ts'

type InClusterFlags = Interfaces.InferredFlags<typeof serveFlags>

/**
 * Writes to a directory what makes the cluster serve a bundle itself. Gives the address that nodes will ask, and what
 * people do next.
 *
 * @throws {ExpectedError} USAGE when the bundle is here and carries no program for the architecture; OUTPUT_EXISTS,
 *   DISK_FULL, DISK_ERROR
 */
export async function writeInCluster(
  file: string,
  directory: string,
  flags: InClusterFlags,
): Promise<{ url: string; next: string }> {
  const { claim, replicas, arch } = flags
  await checkTool(file, flags)
  const bundlePath = flags['bundle-path'] ?? `${claim ? '' : '/var/lib/nodeseed'}/${basename(file)}`
  const resources = serveResources({
    namespace: 'nodeseed',
    sandboxImage: flags['sandbox-image'] ?? '',
    bundlePath,
    claim,
    replicas,
    nodePort: flags['node-port'],
    architecture: arch,
  })
  await writeOutputDirectory(directory, resources, { force: true })
  const url = `http://NODE-ADDRESS:${flags['node-port']}`
  const next = `Written to ${directory}. What comes next:
  1. copy a bundle made with --with-tool to ${bundlePath} ${claim ? `in the claim ${claim}` : 'of the nodes that shall serve it'}
${claim ? '' : `     kubectl label node NODE ${REGISTRY_LABEL}=here\n`}  2. kubectl apply -k ${quote(directory)}
  3. point every node's runtime at ${url} (what nodeseed serve prints, with --advertise ${url})`
  return { url, next }
}

/** What the pods unpack must be in the bundle. Where the bundle is not here, nobody can tell; nor who signed it. */
async function checkTool(file: string, { arch: architecture, key }: InClusterFlags): Promise<void> {
  const bundle = await openTrusted(file, { key }).catch((error: unknown) => {
    if (key === undefined && error instanceof ExpectedError && error.code === 'INPUT_NOT_FOUND') return undefined
    throw error
  })
  if (!bundle) return
  await bundle.close()
  if (toolsAmong(bundle.table.files).includes(architecture)) return
  throw new ExpectedError('USAGE', `${file} carries no nodeseed for ${architecture}`, {
    hint: 'Bundle again with --tool FILE, the executable of a release, or choose another --arch.',
  })
}
