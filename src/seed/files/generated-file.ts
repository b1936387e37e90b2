/** A file of the directory that seeding writes; `path` is relative, with `/`. */
export interface GeneratedFile {
  readonly path: string
  readonly content: string
  readonly executable?: boolean
}

/** The API server's limit for a ConfigMap is 1 MiB; for others it is that of its store, which is not much more. */
export const MAX_OBJECT_BYTES = 1_000_000
