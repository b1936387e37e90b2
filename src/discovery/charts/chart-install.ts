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

/** Where a chart or an artifact is, as a resource says it. */
export type ChartSource =
  /** In a registry: `registry.example.com/charts/web`. */
  | ({ readonly at: 'registry'; readonly repository: string } & WantedVersion)
  /** In a repository of charts with an index.yaml. */
  | { readonly at: 'index'; readonly url: string; readonly chart: string; readonly version: string | undefined }
  /** In the resource itself, packed. */
  | { readonly at: 'resource'; readonly base64: string }
  /** Nobody can tell, and why. */
  | { readonly at: 'nowhere'; readonly why: string }

/** A chart that a resource installs, and how. */
export interface ChartInstall {
  readonly namer: Namer
  readonly source: ChartSource
  readonly release: string
  readonly namespace: string | undefined
  readonly values: Values
  /** As `--set` and `--set-string` of helm take them, after the values. */
  readonly set: readonly string[]
  readonly setString: readonly string[]
  /** Files of values in the chart itself, which come first. */
  readonly valuesFiles: readonly string[]
  readonly kubeVersion: string | undefined
  readonly apiVersions: readonly string[]
  /** What is not known of how it is installed, each a part of a sentence: `the values in Secret a/b are not here`. */
  readonly unknown: readonly string[]
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
  return open === undefined || source.at === 'resource' || source.at === 'nowhere'
    ? source
    : { at: 'nowhere', why: `${open} is filled in later` }
}
