import { join } from 'node:path'
import type { ChartInstall } from '../../../discovery/charts/chart-install.ts'
import { mapAt, mapsAt } from '../../../discovery/charts/gitops-resources.ts'
import { imageOfEdit } from '../../../discovery/deployments/kustomize-image.ts'
import type { KustomizationEdits, PathDeployment } from '../../../discovery/deployments/path-deployments.ts'
import { parseYaml } from '../../../kubernetes/documents/yaml.ts'
import { isObject, textsOf } from '../../../kubernetes/objects/resource.ts'
import { readText } from '../../texts/read-text.ts'

type Overrides = Readonly<Record<string, unknown>>

/** An install with what files beside the chart say over it. */
export async function withChartOverrides(install: ChartInstall, directory: string): Promise<ChartInstall> {
  let all = install
  for (const { file, value } of await overridesIn(directory, install.application)) {
    const helm = mapAt(value, 'helm')
    const settings = mapsAt(helm, 'parameters').map(({ name, value: text, forceString }) => ({
      setting: `${name}=${String(text ?? '').replace(/(?<!\\),/g, '\\,')}`,
      isText: forceString === true,
    }))
    const isAll =
      Object.keys(value).every((key) => key === 'helm') && Object.keys(helm).every((key) => key === 'parameters')
    all = {
      ...all,
      set: [...all.set, ...settings.flatMap(({ setting, isText }) => (isText ? [] : [setting]))],
      setString: [...all.setString, ...settings.flatMap(({ setting, isText }) => (isText ? [setting] : []))],
      unknown: [...all.unknown, ...(isAll ? [] : [`not all of ${file} is applied`])],
    }
  }
  return all
}

/** A deployment with what files beside the kustomization say over it. */
export async function withPathOverrides(deployment: PathDeployment, directory: string): Promise<PathDeployment> {
  let all = deployment
  for (const { file, value } of await overridesIn(directory, deployment.application)) {
    const kustomize = mapAt(value, 'kustomize')
    const images = textsOf(kustomize.images).map(imageOfEdit)
    const before = Array.isArray(all.edits.images) ? (all.edits.images as unknown[]) : []
    const edits: KustomizationEdits = images.length > 0 ? { ...all.edits, images: [...before, ...images] } : all.edits
    const isAll =
      Object.keys(value).every((key) => key === 'kustomize') && Object.keys(kustomize).every((key) => key === 'images')
    all = { ...all, edits, unknown: [...all.unknown, ...(isAll ? [] : [`not all of ${file} is applied`])] }
  }
  return all
}

/**
 * What Argo CD takes over the source of an Application from its path, as image updaters write it there.
 * Source: https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git
 */
async function overridesIn(
  directory: string,
  application: string | undefined,
): Promise<{ readonly file: string; readonly value: Overrides }[]> {
  const found: { file: string; value: Overrides }[] = []
  const names = application === undefined ? [] : ['.argocd-source.yaml', `.argocd-source-${application}.yaml`]
  for (const file of names) {
    const text = await readText(join(directory, file)).catch(() => '')
    const value = text === '' ? {} : parsed(text)
    if (Object.keys(value).length > 0) found.push({ file, value })
  }
  return found
}

function parsed(text: string): Overrides {
  try {
    const value = parseYaml(text)
    return isObject(value) ? value : { text }
  } catch {
    return { text }
  }
}
