import {
  type ChartInstall,
  type ChartSource,
  howInstalled,
  type NamedArtifact,
} from '../../discovery/charts/chart-install.ts'
import { type Finding, finding } from '../../finding.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { FetchedArtifact } from './fetch-artifact.ts'
import { INPUT } from './input-address.ts'

/** That a chart was looked into, and how. */
export function chartRendered(
  install: ChartInstall,
  {
    shown,
    range,
    target,
  }: Pick<FetchedArtifact, 'shown' | 'range'> & { readonly target: { readonly digest: string } | undefined },
): Finding {
  const { namer } = install
  const parts = [
    namer.kind === INPUT ? `${shown}: rendered` : `${shown}: rendered as ${nameOfResource(namer)} installs it`,
    howInstalled(install),
    ...(range === undefined ? [] : [`the newest within ${range} now`]),
    ...(target === undefined ? [] : [target.digest]),
  ]
  return finding('CHART_RENDERED', parts.join(', '), { file: namer.file, line: namer.line })
}

/** What of an install is not known. */
export function valuesUnknown({ namer, unknown }: ChartInstall): Finding[] {
  return unknown.map((what) =>
    finding('CHART_VALUES_UNKNOWN', `${nameOfResource(namer)}: ${what}, so its chart is rendered without`, {
      file: namer.file,
      line: namer.line,
    }),
  )
}

/** That a chart or an artifact could not be looked into, and why. */
export function notLookedInto(named: ChartInstall | NamedArtifact, why: string, hint?: string): Finding {
  const { namer, source } = named
  const isInput = namer.kind === INPUT
  const what = `${isInput ? 'is' : 'release' in named ? 'installs the chart' : 'names the artifact'} ${nameOfSource(source)}`
  const message = `${nameOfResource(namer)}: ${what}, whose images are not known here: ${why}`
  return finding('CHART_ELSEWHERE', message, { hint, file: namer.file, line: namer.line })
}

/** A source in the words of helm: `oci://registry.example.com/charts/web:1.4`. */
export function nameOfSource(source: ChartSource): string {
  switch (source.at) {
    case 'registry': {
      const { repository, digest, version, tag } = source
      if (digest !== undefined) return `oci://${repository}@${digest}`
      const end = version ?? tag ?? ''
      return `oci://${repository}${end === '' ? '' : `:${end}`}`
    }
    case 'index':
      return [source.chart, ...(source.version === undefined ? [] : [source.version]), `of ${source.url}`].join(' ')
    case 'tree':
      return `${source.path} of ${source.repository ?? 'the inputs'}`
    case 'resource':
      return 'in it'
    case 'nowhere':
      return 'that it names'
  }
}
