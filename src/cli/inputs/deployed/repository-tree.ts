import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import type { TreePath } from '../../../discovery/charts/chart-install.ts'
import type { GitOpsResources } from '../../../discovery/charts/gitops-resources.ts'
import { namedCharts } from '../../../discovery/charts/named-charts.ts'
import { sameRepository } from '../../../discovery/classify/repository-address.ts'
import { pathDeployments } from '../../../discovery/deployments/path-deployments.ts'

/** A directory that may be the root of a repository. */
interface Root {
  readonly directory: string
  /** The repositories that its git knows; undefined where it is no work tree of git. */
  readonly remotes: readonly string[] | undefined
}

/**
 * What the inputs are a copy of, so that paths of a repository can be found in them: each input that is a directory is
 * a root, and the work tree of git around it.
 */
export class RepositoryTree {
  readonly #inputs: readonly string[]
  readonly #roots: readonly Root[]
  #own: ReadonlySet<string> = new Set()

  private constructor(inputs: readonly string[], roots: readonly Root[]) {
    this.#inputs = inputs
    this.#roots = roots
  }

  static async open(inputs: readonly string[]): Promise<RepositoryTree> {
    const found: string[] = []
    const roots = new Map<string, Root>()
    for (const input of inputs) {
      const real = input === '-' ? undefined : await realpath(input).catch(() => undefined)
      if (real === undefined) continue
      found.push(real)
      const directory = (await stat(real)).isDirectory() ? real : dirname(real)
      const git = await gitRootOf(directory)
      if (git) roots.set(git.directory, git)
      if (!roots.has(directory)) roots.set(directory, { directory, remotes: undefined })
    }
    return new RepositoryTree(found, [...roots.values()])
  }

  /**
   * Says which paths of repositories are asked for, so that it is known which of these the inputs are a copy of: one that
   * git knows as a remote; else the one of which most paths are here.
   */
  async claim(asked: readonly TreePath[]): Promise<void> {
    const remotes = new Set(this.#roots.flatMap((root) => root.remotes ?? []))
    const named = asked.flatMap(({ repository, path }) =>
      repository === undefined ? [] : [{ repository: sameRepository(repository), path }],
    )
    const known = named.filter(({ repository }) => remotes.has(repository))
    if (known.length > 0) {
      this.#own = new Set(known.map(({ repository }) => repository))
      return
    }
    const held = new Map<string, Set<string>>()
    for (const { repository, path } of named) {
      const paths = held.get(repository) ?? new Set()
      held.set(repository, paths)
      if ((await this.#candidates(path)).length > 0) paths.add(path)
    }
    const [first, second] = [...held].sort(([, a], [, b]) => b.size - a.size)
    const isFirst = first && first[1].size > 0 && first[1].size !== second?.[1].size
    this.#own = new Set(isFirst ? [first[0]] : [])
  }

  isOwn({ repository }: TreePath): boolean {
    return repository === undefined || this.#own.has(sameRepository(repository))
  }

  /** The real paths that may be meant; none where nothing of that repository is here. */
  async find(at: TreePath): Promise<readonly string[]> {
    return this.isOwn(at) ? this.candidates(at) : []
  }

  /** Those that would be meant, were the inputs a copy of that repository. */
  async candidates({ repository, path, beside = '' }: TreePath): Promise<readonly string[]> {
    if (repository !== undefined) return this.#candidates(path)
    const real = await realpath(resolve(dirname(beside), path)).catch(() => undefined)
    return real !== undefined && this.holds(real) ? [real] : []
  }

  /** Whether a real path is in the inputs, or in the repository around them. */
  holds(real: string): boolean {
    return this.#roots.some(({ directory }) => isWithin(real, directory))
  }

  /** Whether a real path is in the inputs. */
  reads(real: string): boolean {
    return this.#inputs.some((input) => isWithin(real, input))
  }

  /** What git has as the root is the root. */
  async #candidates(path: string): Promise<readonly string[]> {
    const named = path.replace(/^(?:\.?\/)+|\/+$/g, '')
    const isGit = this.#roots.some(({ remotes }) => remotes !== undefined)
    const below = this.#roots.flatMap(({ directory, remotes }) =>
      remotes === undefined ? [] : [resolve(directory, named)],
    )
    const others = [
      ...this.#roots.map(({ directory }) => resolve(directory, named)),
      ...this.#inputs.filter((input) => named !== '' && input.endsWith(`${sep}${named}`)),
    ]
    for (const tried of isGit ? [below, others] : [others]) {
      const real = await Promise.all(tried.map((one) => realpath(one).catch(() => undefined)))
      const here = [...new Set(real)].filter((one) => one !== undefined && this.holds(one)) as string[]
      if (here.length > 0) return here
    }
    return []
  }
}

/** A tree that knows what the resources of its inputs ask for. */
export async function treeFor(inputs: readonly string[], resources: GitOpsResources): Promise<RepositoryTree> {
  const tree = await RepositoryTree.open(inputs)
  await tree.claim(pathsIn(resources))
  return tree
}

/** The paths of repositories that resources name: of charts, of values, of manifests. */
export function pathsIn(resources: GitOpsResources): TreePath[] {
  const ofCharts = namedCharts(resources).installs.flatMap(({ source, valuesFiles }) => [
    ...(source.at === 'tree' ? [source] : []),
    ...valuesFiles.filter((file) => typeof file !== 'string' && 'path' in file),
  ])
  const ofPaths = pathDeployments(resources).flatMap(({ at, isArtifact }) => (isArtifact ? [] : [at]))
  return [...ofCharts, ...ofPaths]
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`)
}

async function gitRootOf(directory: string): Promise<Root | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    const found = await stat(join(at, '.git')).catch(() => undefined)
    if (found) return { directory: at, remotes: found.isDirectory() ? await remotesOf(join(at, '.git')) : [] }
    if (dirname(at) === at) return undefined
  }
}

/** The addresses in the configuration of a repository. Source: git-config(1). */
async function remotesOf(git: string): Promise<string[]> {
  const text = await readFile(join(git, 'config'), 'utf8').catch(() => '')
  return Array.from(text.matchAll(/^\s*(?:url|pushurl)\s*=\s*"?([^\s"]+)/gm), ([, url = '']) => sameRepository(url))
}
