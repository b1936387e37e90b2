/** The fields of a pod that a container can be told. Source: kubernetes 1.34, validEnvDownwardAPIFieldPathExpressions. */
const OF_A_VARIABLE: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
])

/** Those of the files of a volume. */
const OF_A_FILE: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.labels',
  'metadata.annotations',
])

const ONE_LABEL = /^metadata\.(?:labels|annotations)\['[^']+'\]$/

/** Whether a fieldPath is one of an environment variable, or of a file. */
export function isFieldPath(path: unknown, of: 'variable' | 'file'): boolean {
  const known = of === 'variable' ? OF_A_VARIABLE : OF_A_FILE
  return typeof path !== 'string' || known.has(path) || ONE_LABEL.test(path)
}
