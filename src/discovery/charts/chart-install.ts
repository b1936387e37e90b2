import type { Values } from './values.ts'

/** Who names a chart or an artifact, and where. */
export interface Namer {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  readonly file: string
  readonly line: number
}

/** What in a repository is meant; of several the first that is there counts. */
export interface WantedVersion {
  readonly digest?: string | undefined
  /** A version, or a range of them as helm and Flux write it; the newest one counts. Empty is any. */
  readonly version?: string | undefined
  /** Only tags that this regular expression finds are versions. */
  readonly filter?: string | undefined
  readonly tag?: string | undefined
}

/** A path of a repository with manifests, charts and values, as resources name one. */
export interface TreePath {
  /** The address of the repository, or the name of a resource that would say it; undefined for a path beside a file. */
  readonly repository: string | undefined
  readonly path: string
  /** The file whose directory the path begins at. */
  readonly beside?: string
}

/** Values for a chart: a file in it, a file at a path of a repository, or the values themselves. */
export type ValuesLayer = string | TreePath | { readonly values: Values }

/** Where a chart or an artifact is, as a resource says it. */
export type ChartSource =
  /** In a registry: `registry.example.com/charts/web`. */
  | ({ readonly at: 'registry'; readonly repository: string } & WantedVersion)
  /** In a repository of charts with an index.yaml. */
  | { readonly at: 'index'; readonly url: string; readonly chart: string; readonly version: string | undefined }
  /** At a path of a repository, of which the inputs may be a copy. */
  | ({ readonly at: 'tree' } & TreePath)
  /** In the resource itself, packed. */
  | { readonly at: 'resource'; readonly base64: string }
  /** Nobody can tell, and why. */
  | { readonly at: 'nowhere'; readonly why: string }

/** A chart that a resource installs, and how. */
export interface ChartInstall {
  readonly namer: Namer
  readonly source: ChartSource
  /** The name of the Application of Argo CD that it is. */
  readonly application?: string
  readonly release: string
  readonly namespace: string | undefined
  readonly values: Values
  /** As `--set` and `--set-string` of helm take them, after the values. */
  readonly set: readonly string[]
  readonly setString: readonly string[]
  /** What comes before `values`, in its order. */
  readonly valuesFiles: readonly ValuesLayer[]
  /** Whether those stand for the values of the chart itself. */
  readonly replacesDefaults: boolean
  /** Whether those of them that are not there count as empty. */
  readonly ignoresMissing: boolean
  readonly kubeVersion: string | undefined
  readonly apiVersions: readonly string[]
  /** What is not known of how it is installed, each a part of a sentence: `the values in Secret a/b are not here`. */
  readonly unknown: readonly string[]
  /** Values that may be missing, and are not here: `values.yaml in Secret a/b`. */
  readonly absent?: readonly string[] | undefined
}

/** How it was installed, in a part of a sentence for people. */
export function howInstalled({ release, namespace, absent = [] }: ChartInstall): string {
  return [
    `as release ${release}`,
    ...(namespace === undefined ? [] : [`in namespace ${namespace}`]),
    ...absent.map((where) => `without ${where}, which is optional and not here`),
  ].join(', ')
}

/** An artifact that a resource names, whatever it holds. */
export interface NamedArtifact {
  readonly namer: Namer
  readonly source: ChartSource
}

/** Everything of an install that most resources leave out. */
export const PLAIN_INSTALL = {
  namespace: undefined,
  values: {},
  set: [],
  setString: [],
  valuesFiles: [],
  replacesDefaults: false,
  ignoresMissing: false,
  kubeVersion: undefined,
  apiVersions: [],
  unknown: [],
} as const

const SCHEME = /^oci:\/\//i

/** Whether an address is one of a registry: `oci://registry.example.com/charts`. */
export function isRegistryAddress(address: string): boolean {
  return SCHEME.test(address)
}

/** The repository in a registry at an address, with or without its scheme, and what follows it. */
export function repositoryAt(address: string, ...below: readonly string[]): string {
  return [address.replace(SCHEME, ''), ...below].map((part) => part.replace(/^\/+|\/+$/g, '')).join('/')
}

/** A source in which something is left open that is filled in later is none. */
export function settledSource(source: ChartSource): ChartSource {
  const open = Object.values(source).find((text) => typeof text === 'string' && /\$\{|\{\{|\$\(/.test(text))
  return open === undefined || source.at === 'resource' || source.at === 'nowhere' || source.at === 'tree'
    ? source
    : { at: 'nowhere', why: `${open} is filled in later` }
}
