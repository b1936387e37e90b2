/** A file of the directory that seeding writes; `path` is relative, with `/`. */
export interface OutputFile {
  readonly path: string
  readonly content: string
  readonly executable?: boolean
}

/** The API server's limit for a ConfigMap is 1 MiB. */
export const MAX_CONFIG_MAP_BYTES = 1_000_000
