import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { changesOf, isChanged, type PathDeployment } from '../../../discovery/deployments/path-deployments.ts'
import { type Finding, finding } from '../../../finding.ts'
import { nameOfResource } from '../../../kubernetes/objects/resource.ts'
import { KUSTOMIZATION_FILES } from '../render/kustomization.ts'
import { withPathOverrides } from './argo-overrides.ts'
import type { RepositoryTree } from './repository-tree.ts'

/** A directory of the inputs that resources apply, and what they change of it. */
export interface DeployedPath {
  /** Whether it has a kustomization; else one is made of all that is below. */
  readonly hasKustomization: boolean
  /** One of each set of changes. */
  readonly deployments: readonly PathDeployment[]
}

export interface PathPlan {
  /** By their real paths. */
  readonly paths: ReadonlyMap<string, DeployedPath>
  readonly findings: readonly Finding[]
}

/** Finds the directories of the inputs that are applied otherwise than they stand there, or that nothing else includes. */
export async function planPaths(deployments: readonly PathDeployment[], tree: RepositoryTree): Promise<PathPlan> {
  const paths = new Map<string, { hasKustomization: boolean; deployments: PathDeployment[] }>()
  const findings: Finding[] = []
  for (const written of deployments) {
    const [directory] = written.isArtifact ? [] : await tree.candidates(written.at)
    const deployment = directory === undefined ? written : await withPathOverrides(written, directory)
    const { at, unknown, makesKustomization } = deployment
    const say = (what: string) => findings.push(notApplied(deployment, what))
    const here: string[] = []
    const candidates = deployment.isArtifact ? [] : await tree.candidates(at)
    for (const path of candidates) if (tree.reads(path) && (await isDirectory(path))) here.push(path)
    if (here.length === 0) {
      // Of git it is said already that it is elsewhere.
      if (deployment.isArtifact && isChanged(deployment)) say(`its ${changesOf(deployment)} are not applied`)
      continue
    }
    if (!tree.isOwn(at)) {
      if (isChanged(deployment)) say(`whether ${at.path} of ${at.repository} is what is here is not known`)
      continue
    }
    const isChart = directory !== undefined && (await isFile(join(directory, 'Chart.yaml')))
    for (const what of isChart ? [] : unknown) say(what)
    if (here.length > 1 && isChanged(deployment)) say(`whether it means ${here.join(' or ')} is not known`)
    for (const path of here) {
      if (await isFile(join(path, 'Chart.yaml'))) continue
      const hasKustomization = (await Promise.all(KUSTOMIZATION_FILES.map((name) => isFile(join(path, name))))).some(
        Boolean,
      )
      if (!hasKustomization && !isChanged(deployment)) continue
      if (!hasKustomization && !makesKustomization) {
        say(`${at.path} has no kustomization, so its ${changesOf(deployment)} are not applied`)
        continue
      }
      const known = paths.get(path) ?? { hasKustomization, deployments: [] }
      paths.set(path, known)
      if (!known.deployments.some((one) => sameChanges(one, deployment))) known.deployments.push(deployment)
    }
  }
  return { paths, findings }
}

function sameChanges(one: PathDeployment, other: PathDeployment): boolean {
  return keyOfChanges(one) === keyOfChanges(other)
}

/** The same text for the same changes. */
export function keyOfChanges({ edits, substitution }: PathDeployment): string {
  return JSON.stringify([edits, substitution?.vars])
}

/** That something of what a deployment does is not done here. */
export function notApplied({ namer }: PathDeployment, what: string): Finding {
  const message = `${nameOfResource(namer)}: ${what}`
  return finding('CHANGES_NOT_APPLIED', message, { file: namer.file, line: namer.line })
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}
