import { ImagesFailedError } from '../../bundle/failure.ts'
import { GitOpsResources } from '../../discovery/charts/gitops-resources.ts'
import { RegistryClient } from '../../registry/client/registry-client.ts'
import { splitInputs } from '../charts/input-address.ts'
import { type InputScan, type ScanOptions, scanInputs } from '../inputs/scan-inputs.ts'
import { readRegistryOptions } from '../registry/registry-options.ts'
import { followNamed } from './follow-named.ts'

/**
 * Scans inputs, and what the charts and artifacts hold that they name.
 *
 * @throws {ExpectedError} IMAGES_FAILED where one cannot be had; what reading inputs throws
 */
export async function scanWithCharts(
  inputs: readonly string[],
  options: ScanOptions,
  flags: Parameters<typeof readRegistryOptions>[0],
): Promise<InputScan> {
  const client = new RegistryClient(await readRegistryOptions(flags, inputs))
  try {
    const gitops = new GitOpsResources()
    const { files, addresses } = splitInputs(inputs)
    const found = await scanInputs(files, { ...options, gitops })
    const { scan, artifacts, failures } = await followNamed({}, client)(found, { ...options, gitops, addresses })
    if (failures.length > 0) throw new ImagesFailedError(failures, artifacts.size + failures.length)
    return scan
  } finally {
    await client.close()
  }
}
