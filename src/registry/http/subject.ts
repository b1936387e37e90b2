/** Who was asked for what, for messages. */
export interface Subject {
  /** The registry as the user names it. */
  readonly registry: string
  /** `image quay.io/team/web:1`, `blob sha256:…`. */
  readonly what: string
  /** What goes wrong is said of a push, into this repository. */
  readonly isPush?: boolean
  readonly repository?: string
}
