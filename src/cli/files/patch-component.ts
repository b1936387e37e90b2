import { scanDocument } from '../../discovery/scan.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { PodPlace } from '../../kubernetes/objects/pod-places.ts'
import { hookFindings, postRenderer } from '../../seed/patch/helm-post-renderer.ts'
import { type Component, kustomizeComponent } from '../../seed/patch/kustomize-component.ts'
import type { EditedPlace } from '../../seed/patch/patch-bodies.ts'
import { byShape } from '../../seed/patch/patch-findings.ts'
import type { Rendering } from '../../seed/patch/patch-target.ts'
import type { PodEdits } from '../../seed/patch/pod-edit.ts'
import { wantedEdits } from '../../seed/patch/wanted-edits.ts'
import { type ReadOptions, readInputs } from '../inputs/input-documents.ts'
import { Recognition } from '../inputs/recognition.ts'
import { affixesOf } from '../inputs/render/kustomization.ts'
import { sourcesOf } from '../inputs/source.ts'
import { listLeftOut } from './patch-files.ts'

/**
 * A kustomize component that patches the workloads of the inputs; for a chart also what makes a post-renderer of it.
 *
 * @throws {ExpectedError} USAGE for a chart beside other inputs; INPUT_NOT_FOUND, INPUT_UNREADABLE
 */
export async function patchComponent(
  inputs: readonly string[],
  editsOf: (place: PodPlace) => PodEdits,
  options: ReadOptions,
): Promise<Component> {
  const renderings = await renderingsOf(inputs)
  const findings: Finding[] = []
  const edited: EditedPlace[] = []
  const recognition = new Recognition()
  for await (const document of readInputs(inputs, options)) {
    const scan = scanDocument(document)
    const unknown = recognition.follow(document, scan)
    if (unknown) findings.push(unknown)
    if (document.form === 'manifest') {
      const { places, findings: found } = wantedEdits(document, scan, editsOf)
      for (const place of places) edited.push(place)
      for (const one of found) findings.push(one)
    } else if (document.form === 'list') findings.push(listLeftOut(document.file))
    else for (const one of scan.findings) findings.push(one)
  }
  const changed = edited.filter(({ edits }) => edits.length > 0)
  const component = kustomizeComponent(edited, (file) => renderings.get(file) ?? 'none')
  const isChart = [...renderings.values()].includes('chart')
  return {
    files: [...component.files, ...(isChart ? postRenderer() : [])],
    findings: [...findings, ...component.findings, ...byShape(changed), ...(isChart ? hookFindings(changed) : [])],
  }
}

/** How the documents of each chart and kustomization among the inputs come about. */
async function renderingsOf(inputs: readonly string[]): Promise<Map<string, Rendering>> {
  const renderings = new Map<string, Rendering>()
  const names: string[] = []
  for (const input of inputs) {
    for (const source of await sourcesOf(input)) {
      if (source.kind !== 'notice') names.push(source.kind === 'stdin' ? '-' : source.path)
      if (source.kind === 'chart') renderings.set(source.path, 'chart')
      if (source.kind === 'kustomization') renderings.set(source.path, await affixesOf(source.path))
    }
  }
  const chart = [...renderings].find(([, rendering]) => rendering === 'chart')?.[0]
  if (chart === undefined || names.length === 1) return renderings
  throw new ExpectedError('USAGE', `${chart}: a chart is patched by itself, and there are other inputs`, {
    hint: `Give it a directory of its own: nodeseed patch ${chart} --output DIR`,
  })
}
