import { formatPath, type Path } from '../../documents/path.ts'

/** Why the API server refuses an object. */
export interface ValidationProblem {
  readonly path: Path
  readonly message: string
  /** Something is not there; an operator may add it to what it makes of a custom resource. */
  readonly isMissing?: boolean
  /** The API has no such field: kubectl refuses it unless it is told otherwise, and other clients have it dropped. */
  readonly isStrange?: boolean
}

/** `spec.template.spec.containers[0].imagePullPolicy "never" is none of Always, IfNotPresent, Never`. */
export function sayProblem({ path, message, isMissing }: ValidationProblem): string {
  const said = `${formatPath(path)} ${message}`
  return isMissing ? `${said}, which only a change to what is there may leave out` : said
}

/** Whether what is refused is to be filled in before: `${REPLICAS}`. */
export function isPlaceholder({ message }: ValidationProblem): boolean {
  return /\$[A-Za-z_({]|\{\{|%\{/.test(message)
}
