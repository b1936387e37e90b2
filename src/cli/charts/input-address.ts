import { type ChartInstall, isRegistryAddress, PLAIN_INSTALL } from '../../discovery/charts/chart-install.ts'
import { mergeValues, type Values } from '../../discovery/charts/values.ts'
import { valuesInText } from '../../discovery/charts/values-from.ts'
import { ExpectedError } from '../../errors.ts'
import { findReference, repositoryName } from '../../oci/reference.ts'
import type { HelmOptions } from '../inputs/render/helm.ts'
import { readText } from '../texts/read-text.ts'

/** The kind of what an address on the command line is named by. */
export const INPUT = 'input'

/** Inputs that are files, and those that are addresses in registries: `oci://registry.example.com/charts/web:1.4`. */
export function splitInputs(inputs: readonly string[]): { files: string[]; addresses: string[] } {
  return { files: inputs.filter((one) => !isRegistryAddress(one)), addresses: inputs.filter(isRegistryAddress) }
}

/**
 * Charts or artifacts at addresses that the command line names, as it says how they are installed. Without a tag the newest
 * version is meant.
 *
 * @throws {ExpectedError} REFERENCE_INVALID; INPUT_INVALID for values that are none; what reading files throws
 */
export async function installsAt(
  addresses: readonly string[],
  { values = [], set = [], release, namespace }: HelmOptions,
): Promise<ChartInstall[]> {
  const given = addresses.length > 0 ? await readValues(values) : {}
  return addresses.map((address): ChartInstall => {
    const reference = findReference(address.replace(/^oci:\/\//i, ''))
    if (!reference) {
      throw new ExpectedError(
        'REFERENCE_INVALID',
        `not the address of a chart or an artifact: ${JSON.stringify(address)}`,
        {
          hint: 'Write it as oci://registry.example.com/charts/web:1.4, in lower case.',
        },
      )
    }
    const { digest, tag, path } = reference
    const version = digest === undefined && tag === undefined ? { version: '' } : { digest, tag }
    return {
      ...PLAIN_INSTALL,
      namer: { apiVersion: '', kind: INPUT, namespace: undefined, name: address, file: address, line: 1 },
      source: { at: 'registry', repository: repositoryName(reference), ...version },
      release: release ?? path.slice(path.lastIndexOf('/') + 1),
      namespace,
      values: given,
      set,
    }
  })
}

async function readValues(files: readonly string[]): Promise<Values> {
  let all: Values = {}
  for (const file of files) {
    const { values, unknown } = valuesInText(await readText(file), file)
    if (unknown.length > 0) throw new ExpectedError('INPUT_INVALID', `${file}: is no map of values`)
    all = mergeValues(all, values)
  }
  return all
}
