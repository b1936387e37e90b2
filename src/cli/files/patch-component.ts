import { scanDocument } from '../../discovery/scan.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import { quote } from '../../quote.ts'
import { hookFindings, postRenderer } from '../../seed/patch/helm-post-renderer.ts'
import { type Component, kustomizeComponent } from '../../seed/patch/kustomize-component.ts'
import type { EditedPlace } from '../../seed/patch/patch-bodies.ts'
import { byShape } from '../../seed/patch/patch-findings.ts'
import type { Rendering } from '../../seed/patch/patch-target.ts'
import type { PodEdits } from '../../seed/patch/pod-edit.ts'
import { wantedEdits } from '../../seed/patch/wanted-edits.ts'
import { withoutElsewhere } from '../inputs/deployed/elsewhere.ts'
import { type Deployed, NOTHING_DEPLOYED, pathsOf } from '../inputs/deployed/survey.ts'
import { type ReadOptions, readInputs } from '../inputs/input-documents.ts'
import { Origins } from '../inputs/parts/origins.ts'
import { Recognition } from '../inputs/parts/recognition.ts'
import { renderingsOf } from '../inputs/renderings.ts'
import { chartsElsewhere, leftOutOfPatch } from './patch-files.ts'

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
  refuseMixedCharts(renderings)
  const findings: Finding[] = []
  const edited: EditedPlace[] = []
  const recognition = new Recognition()
  const origins = new Origins()
  let deployed = NOTHING_DEPLOYED
  const noteDeployed = (found: Deployed) => {
    deployed = found
  }
  for await (const document of readInputs(inputs, { ...options, keepsFiles: true, noteDeployed })) {
    const scan = scanDocument(document)
    const unknown = recognition.follow(document, scan)
    if (unknown) findings.push(unknown)
    findings.push(...chartsElsewhere(document, scan))
    if (document.form === 'manifest') {
      const { places, findings: found } = wantedEdits(document, scan, editsOf)
      for (const place of places) edited.push(place)
      for (const one of found) findings.push(one)
      const shaped = byShape(places.filter(({ edits }) => edits.length > 0))
      origins.note(document, { ...scan, findings: [...found, ...shaped] })
    } else for (const one of leftOutOfPatch(document, scan)) findings.push(one)
  }
  const changed = edited.filter(({ edits }) => edits.length > 0)
  const component = kustomizeComponent(edited, (file) => renderings.get(file) ?? 'none')
  const isChart = [...renderings.values()].includes('chart')
  const said = [...findings, ...component.findings, ...byShape(changed), ...(isChart ? hookFindings(changed) : [])]
  return {
    files: [...component.files, ...(isChart ? postRenderer() : [])],
    findings: origins.told(withoutElsewhere(said, pathsOf(deployed))),
  }
}

/** What makes a post-renderer is for the output of one chart. */
function refuseMixedCharts(renderings: ReadonlyMap<string, Rendering>): void {
  const chart = [...renderings].find(([, rendering]) => rendering === 'chart')?.[0]
  if (chart === undefined || renderings.size === 1) return
  throw new ExpectedError('USAGE', `${chart}: a chart is patched by itself, and there are other inputs`, {
    hint: `Give it a directory of its own: nodeseed patch ${quote(chart)} --output DIR`,
  })
}
