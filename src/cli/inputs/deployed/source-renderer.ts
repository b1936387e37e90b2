import { realpath } from 'node:fs/promises'
import { finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import type { ProjectChart } from '../../project/project-file.ts'
import type { HelmOptions } from '../render/helm.ts'
import { renderKustomization } from '../render/kustomize.ts'
import type { Rendered } from '../render/renderer.ts'
import { type ChartRendering, deployedRendering, saidRendering } from './chart-renderings.ts'
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
  async chart(chart: string, { charts }: Deployed): Promise<ChartRendering[]> {
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
    const others = deployed.map(({ install: { namer } }) => {
      const message = `${said?.place}: says how ${chart} is rendered, so what ${nameOfResource(namer)} says does not count`
      return finding('CHART_RENDERED', message, { file: namer.file, line: namer.line })
    })
    return renderings.map((one, index) => (index === 0 ? { ...one, findings: [...one.findings, ...others] } : one))
  }

  async kustomization(directory: string): Promise<Rendered> {
    return this.#take(directory) ?? (await renderKustomization(directory, this.#options))
  }

  /** The texts that a source becomes, which are kept for who reads it. */
  async texts(source: SourceHere, deployed: Deployed): Promise<string[]> {
    if (source.kind === 'kustomization') {
      const rendered = await this.kustomization(source.path)
      this.#keep(source.path, rendered)
      return [rendered.text]
    }
    if (source.kind !== 'chart') return []
    const texts: string[] = []
    for (const { render, keep } of (await this.chart(source.path, deployed)) as Keeping[]) {
      const rendered = await render()
      keep(rendered)
      texts.push(rendered.text)
    }
    return texts
  }

  #keeping(key: string, { findings, render }: ChartRendering): Keeping {
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

interface Keeping extends ChartRendering {
  keep(rendered: Rendered): void
}
