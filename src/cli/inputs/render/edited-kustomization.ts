import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type KustomizeImage, mergeImages } from '../../../discovery/deployments/kustomize-image.ts'
import type { KustomizationEdits } from '../../../discovery/deployments/path-deployments.ts'
import { inWorkDirectory } from '../../../disk/work-directory.ts'
import { ExpectedError } from '../../../errors.ts'
import { isObject } from '../../../kubernetes/objects/resource.ts'
import { kustomizationValue, rebasedKustomization } from './kustomization.ts'
import { checkCharts } from './kustomization-charts.ts'
import { kustomizationTree } from './kustomization-tree.ts'
import { runKustomize } from './kustomize.ts'
import { type Rendered, refuseRemote } from './renderer.ts'

interface EditOptions {
  /** What is in it, where it has no kustomization: files, and directories with one. */
  readonly resources?: readonly string[]
  readonly edits: KustomizationEdits
  /** Whether a real path may be read. */
  readonly holds: (path: string) => boolean
  readonly allowRemote?: boolean | undefined
}

/**
 * A kustomization directory as Flux and Argo CD render it, which write into its kustomization what they change. Here a
 * copy of that is written elsewhere.
 *
 * @throws {ExpectedError} as renderKustomization does; INPUT_UNREADABLE where it takes in what is outside of the inputs
 */
export async function renderEdited(
  directory: string,
  { resources, edits, holds, allowRemote = false }: EditOptions,
): Promise<Rendered> {
  const root = await realpath(directory)
  const there = resources ? { resources } : await kustomizationValue(root)
  const edited = withEdits(there, edits)
  return inWorkDirectory(async (work) => {
    const target = join(await realpath(work), 'kustomization')
    await mkdir(target, { mode: 0o700 })
    // Charts stay where they are.
    const globals = isObject(edited.helmGlobals) ? edited.helmGlobals : {}
    const home = resolve(root, typeof globals.chartHome === 'string' ? globals.chartHome : 'charts')
    if (Array.isArray(edited.helmCharts)) edited.helmGlobals = { ...globals, chartHome: home }
    const value = await rebasedKustomization(edited, (path) => relative(target, resolve(root, path)) || '.', root)
    await writeFile(join(target, 'kustomization.yaml'), JSON.stringify(value), { mode: 0o600 })
    const { remote, special, files, directories, charts } = await kustomizationTree(target)
    const [outside] = [...special.map(({ path }) => path), ...[...files, ...directories].filter((path) => !holds(path))]
    if (outside !== undefined) {
      throw new ExpectedError('INPUT_UNREADABLE', `${directory}: names ${outside}, which is no file of the inputs`, {
        hint: 'Name the directory that holds all of it as the input.',
      })
    }
    const asked = [...remote, ...(await checkCharts(directory, charts))]
    refuseRemote(directory, asked, allowRemote)
    const hasCharts = charts.length > 0
    const text = await runKustomize(target, { input: directory, allowRemote, isAnywhere: true, hasCharts })
    return { text, asked }
  })
}

function withEdits(there: Readonly<Record<string, unknown>>, edits: KustomizationEdits): Record<string, unknown> {
  const edited: Record<string, unknown> = { ...there }
  for (const [field, value] of Object.entries(edits)) {
    const before = there[field]
    if (field === 'images')
      edited.images = mergeImages(listOf(before) as KustomizeImage[], listOf(value) as KustomizeImage[])
    else edited[field] = Array.isArray(value) ? [...listOf(before), ...value] : value
  }
  return edited
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.filter((one) => isObject(one) || typeof one === 'string') : []
}
