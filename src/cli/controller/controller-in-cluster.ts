import type { Interfaces } from '@oclif/core'
import { writeOutputDirectory } from '../../disk/output-directory.ts'
import { quote } from '../../quote.ts'
import { CONTROLLER_LABEL, controllerResources } from '../../seed/output/controller-resources.ts'
import type { controllerFlags } from './controller-flags.ts'

/**
 * Writes to a directory what makes the cluster run the controller. Gives what people do next.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS, DISK_FULL, DISK_ERROR
 */
export async function writeController(
  directory: string,
  flags: Interfaces.InferredFlags<typeof controllerFlags>,
): Promise<string> {
  const { namespace, replicas, claim, arch: architecture } = flags
  const [sandboxImage = '', bundlePath = ''] = [flags['sandbox-image'], flags['bundle-path']]
  const files = controllerResources({ namespace, sandboxImage, bundlePath, claim, replicas, architecture })
  await writeOutputDirectory(directory, files, { force: true })
  const place = claim ? `in the claim ${claim}` : 'of the nodes that shall run it'
  return `Written to ${directory}. What comes next:
  1. copy a bundle made with --with-tool to ${bundlePath} ${place}
${claim ? '' : `     kubectl label node NODE ${CONTROLLER_LABEL}=here\n`}  2. kubectl apply -k ${quote(directory)}`
}
