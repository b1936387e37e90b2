import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readDocuments } from '../../kubernetes/documents/document.ts'
import { isObject, textsOf } from '../../kubernetes/objects/resource.ts'
import { readText } from '../texts/read-text.ts'
import type { DeployedPath } from './deployed/path-plan.ts'
import { isWithin } from './deployed/repository-tree.ts'
import type { PlacedSource, Source } from './source.ts'

/**
 * The sources of an input once it is known what is applied of them: what is applied with changes as one kustomization
 * stands for the files in it, and what others include is a source too where it is applied by itself.
 */
export async function deployedSources(
  sources: readonly Source[],
  paths: ReadonlyMap<string, DeployedPath>,
  input: string,
): Promise<readonly Source[]> {
  if (paths.size === 0) return sources
  const real = new Map<Source, string>()
  for (const source of sources) real.set(source, await realpath(pathOf(source)).catch(() => pathOf(source)))
  const root = await realpath(input).catch(() => input)
  const added: Source[] = []
  const taken = new Set<Source>()
  for (const [path, { hasKustomization }] of paths) {
    if (!isWithin(path, root)) continue
    const shown = `${input.replace(/\/+$/, '')}${path.slice(root.length)}`
    const isHere = (source: Source) => source.kind === 'kustomization' && real.get(source) === path
    if (hasKustomization) {
      if (!sources.some(isHere))
        added.push({ kind: 'kustomization', path: shown, beside: [], ignored: [], otherwise: [] })
      continue
    }
    const below = sources.filter((source) => isWithin(real.get(source) ?? '', path) && !taken.has(source))
    const parts: PlacedSource[] = []
    for (const source of below) if (source.kind !== 'stdin' && (await isPart(source))) parts.push(source)
    for (const part of parts) taken.add(part)
    if (parts.length > 0) added.push({ kind: 'kustomization', path: shown, beside: [], ignored: [], otherwise: parts })
  }
  const components = componentsOf(paths)
  const isIncluded = (source: Source) =>
    source.kind === 'notice' && source.finding.code === 'NOT_INCLUDED' && components.has(real.get(source) ?? '')
  return [...sources.filter((source) => !taken.has(source) && !isIncluded(source)), ...added]
}

/** The components that are only included where it is applied. */
function componentsOf(paths: ReadonlyMap<string, DeployedPath>): ReadonlySet<string> {
  const named = Array.from(paths, ([path, { deployments }]) =>
    deployments.flatMap(({ edits }) => textsOf(edits.components).map((component) => resolve(path, component))),
  )
  return new Set(named.flat())
}

function pathOf(source: Source): string {
  return source.kind === 'stdin' ? '' : source.path
}

/** Whether Flux takes it in: a kustomization, or a file of resources. */
async function isPart(source: PlacedSource): Promise<boolean> {
  if (source.kind === 'kustomization') return true
  if (source.kind !== 'manifests') return false
  const documents = Array.from(readDocuments(await readText(source.path).catch(() => ''), source.path))
  return (
    documents.length > 0 &&
    documents.every(
      (one) => one.form === 'manifest' && isObject(one.value) && 'apiVersion' in one.value && 'kind' in one.value,
    )
  )
}
