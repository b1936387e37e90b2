/** A file of the directory that seeding writes; `path` is relative, with `/`. */
export interface OutputFile {
  readonly path: string
  readonly content: string
  readonly executable?: boolean
}
