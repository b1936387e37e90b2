import { quote } from '../../quote.ts'
import { SET_LABEL } from './daemon-set.ts'

/** What a label script is to do. */
export interface LabelTask {
  readonly namespace: string
  /** Labels below it that a node should not have any more go with --prune, such as `images.nodeseed.dev`. */
  readonly prefix: string
  readonly nodes: readonly NodeLabels[]
}

/** The labels of a node, once its seeding pod has reported the set of that digest. */
export interface NodeLabels {
  readonly node: string
  readonly setDigest: string
  /** `key=value` */
  readonly labels: readonly string[]
}

/**
 * A POSIX script that labels the nodes whose seeding pod of the very set is ready. Nodes do not label themselves: the
 * seeding pods have no credentials. It ends with 4 when a node is not ready yet.
 */
export function renderLabelScript({ namespace, prefix, nodes }: LabelTask): string {
  const jsonPath = `{range .items[*]}{.spec.nodeName}{" "}{.metadata.labels.${SET_LABEL.replace('.', '\\.')}}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}`
  const calls = nodes.map(({ node, setDigest, labels }) =>
    ['label_node', node, setDigest, ...labels].map(quote).join(' '),
  )
  return `#!/bin/sh
# Labels each node whose seeding pod says that every image is there. Run it with an operator's credentials;
# again at any time. --prune takes labels of earlier sets away, but none by which a workload or pod still selects nodes;
# it ends with 4 then, too. KUBECTL names another kubectl.
set -eu

kubectl=\${KUBECTL:-kubectl}
prefix=${quote(prefix)}
prune=\${1:-}
case $#,$prune in
  0, | 1,--prune) ;;
  *)
    printf 'usage: labels.sh [--prune]\\n' >&2
    exit 2
    ;;
esac
pods=$("$kubectl" --namespace ${quote(namespace)} get pods --selector ${quote(SET_LABEL)} \\
  --output ${quote(`jsonpath=${jsonPath}`)})
code=0
in_use=
if [ "$prune" = --prune ]; then
  in_use=$("$kubectl" get deployments,statefulsets,daemonsets,replicationcontrollers,cronjobs --all-namespaces \\
    --output ${quote(selectorsAt('.spec.template.spec', '.spec.jobTemplate.spec.template.spec'))} &&
    "$kubectl" get pods --all-namespaces --field-selector 'status.phase!=Succeeded,status.phase!=Failed' \\
      --output ${quote(selectorsAt('.spec'))})
fi

# NODE SET LABEL...
label_node() {
  node=$1 set=$2
  shift 2
  if printf '%s\\n' "$pods" | grep -Fxq -e "$node $set True"; then
    "$kubectl" label --overwrite node "$node" "$@"
    [ "$prune" != --prune ] || prune_node "$node" "$@"
  else
    printf 'not seeded yet: node %s\\n' "$node" >&2
    code=4
  fi
}

# Takes away labels below the prefix that are not among LABEL..., and by which nobody selects nodes.
prune_node() {
  node=$1
  shift
  "$kubectl" get node "$node" --output 'jsonpath={.metadata.labels}' | tr , '\\n' | tr -d '{}" ' | {
    still=0
    while IFS=: read -r key value; do
      case $key in
        "$prefix"/*) ;;
        *) continue ;;
      esac
      for label in "$@"; do [ "$label" != "$key=$value" ] || continue 2; done
      case $in_use in
        # Old releases of kubectl write maps as map[KEY:VALUE KEY:VALUE].
        *"\\"$key\\""* | *"[$key:"* | *" $key:"*)
          printf 'stays, as nodes are selected by it: %s on node %s\\n' "$key" "$node" >&2
          still=4
          ;;
        *) "$kubectl" label node "$node" "$key-" </dev/null || exit 1 ;;
      esac
    done
    exit "$still"
  } || {
    [ "$?" -eq 4 ] || exit 1
    code=4
  }
}

${calls.join('\n')}
exit "$code"
`
}

/** What pods select nodes by, of all that is listed, as JSON. */
function selectorsAt(...podSpecs: readonly string[]): string {
  return `jsonpath={range .items[*]}${podSpecs.map((at) => `{${at}.nodeSelector}{${at}.affinity}`).join('')}{end}`
}
