import { SET_LABEL } from './daemon-set.ts'
import type { SeedLabel } from './seed-label.ts'

/** What a label script is to do. */
export interface LabelTask {
  readonly namespace: string
  readonly setDigest: string
  readonly label: SeedLabel
  readonly nodes: readonly string[]
}

/**
 * A POSIX script that labels the nodes whose seeding pod of this very set is ready. Nodes do not label themselves: the
 * seeding pods have no credentials. It ends with 4 when a node is not ready yet.
 */
export function renderLabelScript({ namespace, setDigest, label, nodes }: LabelTask): string {
  const jsonPath = '{range .items[*]}{.spec.nodeName}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
  return `#!/bin/sh
# Labels each node whose seeding pod says that every image is there. Run it with an operator's credentials;
# again at any time. KUBECTL names another kubectl.
set -eu

kubectl=\${KUBECTL:-kubectl}
label=${quote(`${label.key}=${label.value}`)}
pods=$("$kubectl" --namespace ${quote(namespace)} get pods --selector ${quote(`${SET_LABEL}=${setDigest}`)} \\
  --output ${quote(`jsonpath=${jsonPath}`)})
code=0

label_node() {
  if printf '%s\\n' "$pods" | grep -Fxq -e "$1 True"; then
    "$kubectl" label --overwrite node "$1" "$label"
  else
    printf 'not seeded yet: node %s\\n' "$1" >&2
    code=4
  fi
}

${nodes.map((node) => `label_node ${quote(node)}`).join('\n')}
exit "$code"
`
}

/** A word that no shell reads anything into. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
