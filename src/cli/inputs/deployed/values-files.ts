import { realpath } from 'node:fs/promises'
import type { InputDocument } from '../../../discovery/input-document.ts'
import type { AnyDocument } from '../../../kubernetes/documents/document.ts'
import type { ProjectChart } from '../../project/project-file.ts'
import type { HelmOptions } from '../render/helm.ts'
import type { Deployed } from './survey.ts'

/** The real paths of the files of values that charts are rendered with: flags, project files and resources name them. */
export async function valuesFilesOf(
  { values = [] }: HelmOptions,
  charts: ReadonlyMap<string, ProjectChart>,
  deployed: Pick<Deployed, 'values'>,
): Promise<ReadonlySet<string>> {
  const ofProjects = [...charts.values()].flatMap(({ settings }) => settings.flatMap((one) => one.values ?? []))
  const named = await Promise.all([...values, ...ofProjects].map((file) => realpath(file).catch(() => file)))
  return new Set([...named, ...deployed.values])
}

/** Documents that lie over the values of a chart, which says what they leave open. */
export function* asValues(documents: Iterable<AnyDocument>): Generator<InputDocument> {
  for (const document of documents) yield { ...document, isLaidOver: true }
}
