import type { ChartSource } from '../../discovery/charts/chart-install.ts'
import { ExpectedError } from '../../errors.ts'
import { parseYaml } from '../../kubernetes/documents/yaml.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import { type Digest, digestOf } from '../../oci/digest.ts'
import { readRemoteBytes } from '../texts/remote-text.ts'
import { isVersion, newestWithin } from './versions.ts'

/** A chart of a repository with an index. */
export interface IndexedChart {
  /** Its address, which people know it by. */
  readonly shown: string
  /** The name of its file: `web-1.4.2.tgz`. */
  readonly name: string
  readonly packed: Uint8Array
  readonly target: { readonly digest: Digest }
  readonly range: string | undefined
  /** Every address that was asked. */
  readonly asked: readonly string[]
}

/**
 * Fetches a chart by the index.yaml of its repository. Source: https://helm.sh/docs/topics/chart_repository/
 *
 * @throws {ExpectedError} INPUT_INVALID for an index that is none, or has no such version; CONTENT_MISMATCH for a chart that is
 *   not what the index says; what asking for addresses throws
 */
export async function fetchFromIndex({
  url,
  chart,
  version = '',
}: Extract<ChartSource, { at: 'index' }>): Promise<IndexedChart> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new ExpectedError('INPUT_INVALID', `${url}: is no address of a repository of charts`)
  }
  const index = new URL('index.yaml', url.endsWith('/') ? url : `${url}/`)
  const entries = entriesOf(new TextDecoder().decode(await readRemoteBytes(index)), chart)
  const versions = entries.map((entry) => entry.version)
  const isExact = isVersion(version)
  const wanted = versions.includes(version) ? version : newestWithin(versions, version)
  const entry = entries.find((one) => one.version === wanted)
  const address = entry && URL.parse(entry.url, index.href)
  if (!entry || !address || !/^https?:$/.test(address.protocol)) {
    throw new ExpectedError(
      'INPUT_INVALID',
      `${index.href}: has no ${chart} ${version || 'at all'} that can be fetched`,
      {
        hint: 'Correct name and version where they are written.',
      },
    )
  }
  const packed = await readRemoteBytes(address)
  const digest = digestOf(packed)
  if (entry.digest !== undefined && digest !== `sha256:${entry.digest.replace(/^sha256:/, '')}`) {
    throw new ExpectedError(
      'CONTENT_MISMATCH',
      `${address.href}: is ${digest}, and ${index.href} says ${entry.digest}`,
      {
        hint: 'The repository was changed by halves, or somebody changed the chart on its way.',
      },
    )
  }
  return {
    ...{ shown: address.href, name: `${chart}-${entry.version}.tgz`, packed, target: { digest } },
    range: isExact ? undefined : version || '*',
    asked: [index.href, address.href],
  }
}

interface Entry {
  readonly version: string
  readonly url: string
  readonly digest: string | undefined
}

function entriesOf(text: string, chart: string): Entry[] {
  let index: unknown
  try {
    index = parseYaml(text)
  } catch {
    // Said by there being no such chart.
  }
  const all =
    isObject(index) && isObject(index.entries) && Object.hasOwn(index.entries, chart) ? index.entries[chart] : []
  return (Array.isArray(all) ? all : []).flatMap((entry: unknown): Entry[] => {
    if (!isObject(entry)) return []
    const { version, urls, digest } = entry
    const [url] = Array.isArray(urls) ? urls : []
    if (typeof version !== 'string' || typeof url !== 'string') return []
    return [{ version, url, digest: typeof digest === 'string' ? digest : undefined }]
  })
}
