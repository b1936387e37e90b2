import { realpath } from 'node:fs/promises'
import { substituted } from '../../../discovery/deployments/substitution.ts'
import { finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import type { ProjectChart } from '../../project/project-file.ts'
import { renderEdited } from '../render/edited-kustomization.ts'
import type { HelmOptions } from '../render/helm.ts'
import { renderKustomization } from '../render/kustomize.ts'
import type { Rendered } from '../render/renderer.ts'
import { deployedRendering, type SourceRendering, saidRendering } from './chart-renderings.ts'
import { idleValues } from './idle-values.ts'
import { keyOfChanges } from './path-plan.ts'
import type { Deployed, SourceHere } from './survey.ts'

/** Characters of rendered text that are kept until they are read; what is beyond is rendered again. */
const MAX_KEPT = 64 * 1024 * 1024

/** Renders charts and kustomizations of the inputs as they are deployed; what was rendered to look at it is kept once. */
export class SourceRenderer {
  readonly #options: HelmOptions
  /** How charts are rendered of which a project file says it, by their real paths. */
  readonly #said: ReadonlyMap<string, ProjectChart>
  readonly #kept = new Map<string, Rendered>()
  #length = 0

  constructor(options: HelmOptions, said: ReadonlyMap<string, ProjectChart>) {
    this.#options = options
    this.#said = said
  }

  /** A project file decides, then what deploys the chart; else flags do. */
  async chart(chart: string, { charts }: Deployed): Promise<SourceRendering[]> {
    const { allowRemote } = this.#options
    const path = await realpath(chart)
    const deployed = charts.get(path) ?? []
    const said = this.#said.get(path)
    if (!said && deployed.length > 0) {
      return deployed.map((one) => {
        const { namer: _namer, ...how } = one.install
        const key = JSON.stringify([path, how, one.values])
        return this.#keeping(key, deployedRendering(chart, one, this.#options))
      })
    }
    const renderings = (said?.settings ?? [this.#options]).map((settings) =>
      this.#keeping(JSON.stringify([path, settings]), saidRendering(chart, { ...settings, allowRemote })),
    )
    const { values = [], set = [] } = this.#options
    const isPlain = !said && values.length + set.length === 0
    const others = deployed.map(({ install: { namer } }) => {
      const message = `${said?.place}: says how ${chart} is rendered, so what ${nameOfResource(namer)} says does not count`
      return finding('CHART_RENDERED', message, { file: namer.file, line: namer.line })
    })
    const told = [...others, ...(isPlain ? await idleValues(chart) : [])]
    return renderings.map((one, index) => (index === 0 ? { ...one, findings: [...one.findings, ...told] } : one))
  }

  /** A kustomization as each of what applies it does; else as it stands. */
  async kustomization({ path, otherwise = [] }: SourceHere, { paths, tree }: Deployed): Promise<SourceRendering[]> {
    const real = await realpath(path)
    const { hasKustomization = true, deployments = [] } = paths.get(real) ?? {}
    if (deployments.length === 0) {
      return [this.#keeping(path, { findings: [], render: () => renderKustomization(path, this.#options) })]
    }
    const resources = hasKustomization
      ? {}
      : { resources: await Promise.all(otherwise.map((one) => realpath(one.path))) }
    return deployments.map((deployment) => {
      const { edits, substitution } = deployment
      const holds = (file: string) => tree?.holds(file) ?? false
      const { allowRemote } = this.#options
      const edited = Object.keys(edits).length > 0 || !hasKustomization
      const render = async () => {
        const rendered = edited
          ? await renderEdited(path, { ...resources, edits, holds, allowRemote })
          : await renderKustomization(path, this.#options)
        return substitution ? { ...rendered, text: substituted(rendered.text, substitution) } : rendered
      }
      return this.#keeping(`${path} ${keyOfChanges(deployment)} ${resources.resources}`, { findings: [], render })
    })
  }

  /** The texts that a source becomes, which are kept for who reads it. */
  async texts(source: SourceHere, deployed: Deployed): Promise<string[]> {
    const renderings =
      source.kind === 'kustomization'
        ? await this.kustomization(source, deployed)
        : await this.chart(source.path, deployed)
    const texts: string[] = []
    for (const { render, keep } of renderings as Keeping[]) {
      const rendered = await render()
      keep(rendered)
      texts.push(rendered.text)
    }
    return texts
  }

  #keeping(key: string, { findings, render }: SourceRendering): Keeping {
    return {
      findings,
      render: async () => this.#take(key) ?? (await render()),
      keep: (rendered) => this.#keep(key, rendered),
    }
  }

  #keep(key: string, rendered: Rendered): void {
    if (this.#length + rendered.text.length > MAX_KEPT || this.#kept.has(key)) return
    this.#kept.set(key, rendered)
    this.#length += rendered.text.length
  }

  #take(key: string): Rendered | undefined {
    const kept = this.#kept.get(key)
    if (kept && this.#kept.delete(key)) this.#length -= kept.text.length
    return kept
  }
}

interface Keeping extends SourceRendering {
  keep(rendered: Rendered): void
}
