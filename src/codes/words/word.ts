/** A word that stands in a verdict or in what Kubernetes says of a pod, and what to make of it. */
export interface Word {
  /** One line, no full stop. */
  readonly title: string
  readonly help: string
  /** Where the cause shows. */
  readonly look: string
  /** What to do where there is no internet. */
  readonly action: string
}
