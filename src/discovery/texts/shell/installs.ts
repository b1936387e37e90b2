import { logicalLines } from './logical-lines.ts'
import { filesBroughtBy, filesOfScript } from './programs/brought-files.ts'

/** What a command of a script brings into a cluster from elsewhere, and its line from the start of the text. */
export interface Installed {
  readonly code: 'CHART_ELSEWHERE' | 'MANIFESTS_ELSEWHERE'
  readonly what: string
  readonly line: number
  /** What in the inputs shows it. */
  readonly unless?: { readonly form: 'path'; readonly path: string }
}

const HELM =
  /(?:\bhelm3?|\$\{?HELM\w{0,20}\}?)["']?\s(?:[^;|&]{0,400}?\s)?(install|upgrade|template|pull|fetch)\s([^;|&]{1,2000})/g
/** `resource "helm_release" "web" { chart = "web" }` */
const RELEASE =
  /"helm_release"\s+"[\w-]{1,99}"\s{0,9}\{(?:(?!\n\})[\s\S]){0,2000}?\n?\s{0,99}\bchart\s{0,99}=\s{0,9}"([^".][^"]{0,300})"/g
const APPLY =
  /\b(?:kubectl|oc|k3s kubectl)\s(?:[^;|&]{0,400}?\s)?(?:apply|create|replace)\s[^;|&]{0,400}?(?:-f|--filename|-k|--kustomize)[= ]?["']?((?:https?:\/\/|git@|github\.com\/)[^\s"';|&]{1,1000})/g
/** `kubectl kustomize ADDRESS`, `kustomize build ADDRESS`. */
const KUSTOMIZE =
  /\bkustomize\s(?:[^;|&]{0,100}?\s)?["']?((?:https?:\/\/|git@|ssh:\/\/|github\.com\/)[^\s"';|&]{1,1000})/g
/** `curl ADDRESS | kubectl apply -f -`, `kubectl apply -f <(curl ADDRESS)`. */
const PIPED =
  /\b(?:curl|wget)\s[^;&|]{0,400}?["']?(https?:\/\/[^\s"';|&)]{1,1000})[^;&]{0,400}?\|[^;&]{0,200}?\b(?:kubectl|oc)\s[^;|&]{0,400}?(?:apply|create|replace)\b/g
const SUBSTITUTED =
  /\b(?:kubectl|oc)\s[^;|&]{0,400}?(?:apply|create|replace)\b[^;|&]{0,400}?[<$]\((?:curl|wget)\s[^;|&)]{0,400}?["']?(https?:\/\/[^\s"';|&)]{1,1000})/g
/** `curl -LO ADDRESS.yaml`, `git clone ADDRESS`: what a later line may apply. */
const FETCHED =
  /\b(?:(?:curl|wget)\s[^;&|]{0,400}?["']?(https?:\/\/[^\s"';|&)]{1,1000}\.ya?ml)\b|git\s+clone\s[^;&|]{0,400}?["']?((?:https?:\/\/|ssh:\/\/|git@)[^\s"';|&)]{1,1000}))/g
/** A file or a directory is applied. */
const APPLIES =
  /\b(?:kubectl|oc)\s(?:[^;|&\n]{0,400}?\s)?(?:apply|create|replace)\s[^;|&\n]{0,400}?(?:-f|--filename|-k|--kustomize)[= ]["']?(?!["']|-(?:\s|$)|https?:)/
/** Programs that bring manifests of their own, and what they are told to install. */
const INSTALLER =
  /(?:^|[\s;&|(])(istioctl\s+(?:install|upgrade|operator\s+init)|linkerd\s+(?:\w+\s+)?(?:install|upgrade)|cilium\s+(?:install|upgrade)|flux\s+(?:install|bootstrap)|clusterctl\s+(?:init|upgrade)|kubeadm\s+(?:init|upgrade)|velero\s+install|consul-k8s\s+install|dapr\s+init|skupper\s+(?:init|install)|operator-sdk\s+(?:olm\s+install|run)|helmfile\s+(?:[^;|&]{0,200}?\s)?(?:apply|sync|template)|argocd\s+app\s+create|zarf\s+(?:init|package\s+deploy)|uds\s+deploy|k0sctl\s+apply|rke\s+up|tk\s+apply|skaffold\s+(?:run|deploy|dev)|tilt\s+(?:up|ci)|kubectl\s+kots\s+install|longhornctl\s+install|kubectl\s+hns?\s+install|minikube\s+addons\s+enable|microk8s\s+enable)\b/g
/** `curl ADDRESS | sh`, `bash <(curl ADDRESS)`: but for what installs a tool and no more. */
const RUN =
  /\b(?:curl|wget)\s[^;&|]{0,400}?["']?(https?:\/\/[^\s"';|&)]{1,1000})["']?[^;&|]{0,200}?\|\s{0,9}(?:[A-Z_]{1,40}=\S{0,200}\s{1,9}){0,4}(?:sudo\s(?:-\S{1,20}\s){0,3})?(?:\w{1,40}=\S{0,200}\s){0,4}(?:ba|da|k)?sh\b|\b(?:ba|da|k)?sh\s(?:-\w{1,9}\s)?["']?[<$]\((?:curl|wget)\s[^;|&)]{0,400}?["']?(https?:\/\/[^\s"';|&)]{1,1000})/g
const TOOL = /get[-_.]?helm|helm-?3|install_kustomize|rustup|nodesource|\/nvm|bun\.sh|\/uv\/|krew|k3d/i
const BROUGHT = [APPLY, KUSTOMIZE, PIPED, SUBSTITUTED]
/** Flags of helm that take no value. */
const SWITCH =
  /^(?:-[igaq]+|--(?:install|wait(?:-for-jobs)?|atomic|debug|devel|dry-run|force|generate-name|create-namespace|dependency-update|skip-crds|include-crds|no-hooks|replace|reuse-values|reset-values|reset-then-reuse-values|cleanup-on-fail|verify|plain-http|insecure-skip-tls-verify|pass-credentials|render-subchart-notes|disable-openapi-validation|hide-notes))$/
const MAX_TEXT = 1_000_000
const TOO_LONG: Installed = {
  code: 'MANIFESTS_ELSEWHERE',
  what: 'what its commands install, and is too long to be searched for them',
  line: 0,
}
/** Without one of these a text installs nothing. */
const NAMES =
  /curl|wget|helm|kubectl|kots|zarf|\buds\b|k0sctl|\brke\b|\btk\b|skaffold|tilt|kapp|docker|podman|nerdctl|\bctr\b|\bkind\b|\boc\b|kustomize|HELM|istioctl|linkerd|cilium|flux|clusterctl|kubeadm|velero|consul-k8s|dapr|skupper|operator-sdk|argocd|longhornctl|minikube|microk8s/

/** The charts that the commands of a text install, and the addresses whose manifests they apply. */
export function installsInText(text: string): Installed[] {
  if (!NAMES.test(text)) return []
  if (text.length > MAX_TEXT) return [TOO_LONG]
  let [line, from] = [0, 0]
  const released = Array.from(text.matchAll(RELEASE), ({ 0: whole, 1: chart, index }): Installed => {
    const end = index + whole.length
    line += text.slice(from, end).split('\n').length - 1
    from = end
    return { code: 'CHART_ELSEWHERE', what: `chart ${chart}`, line }
  })
  const ways = APPLIES.test(text) ? [...BROUGHT, FETCHED] : BROUGHT
  // What a command of one line applies is in the image of its container.
  const script = text.includes('\n') ? filesOfScript(text) : undefined
  const commanded = logicalLines(text).flatMap(({ content, line }): Installed[] => {
    if (/^\s*(?:#|\/\/)/.test(content)) return []
    const charts = Array.from(content.matchAll(HELM), ([, verb = '', rest = '']) =>
      chartIn(rest, verb === 'pull' || verb === 'fetch'),
    ).filter((chart) => chart !== '')
    const addresses = ways.flatMap((pattern) =>
      Array.from(content.matchAll(pattern), ([, address, cloned]) => address ?? cloned ?? ''),
    )
    const run = Array.from(content.matchAll(RUN), ([, piped, given]) => piped ?? given ?? '')
    const programs = Array.from(content.matchAll(INSTALLER), ([, command = '']) => command.replace(/\s+/g, ' '))
    const files = script ? filesBroughtBy(content, script) : []
    return [
      ...files.map(
        ({ what, path }): Installed => ({
          ...{ code: 'MANIFESTS_ELSEWHERE', what, line },
          ...(path !== undefined && { unless: { form: 'path', path } }),
        }),
      ),
      ...charts.map((chart) => ({ code: 'CHART_ELSEWHERE', what: `chart ${chart}`, line }) as const),
      ...[...new Set(addresses)].map(
        (url) => ({ code: 'MANIFESTS_ELSEWHERE', what: `manifests from ${url}`, line }) as const,
      ),
      ...run.flatMap((url): Installed[] =>
        TOOL.test(url) ? [] : [{ code: 'MANIFESTS_ELSEWHERE', what: `what ${url} installs`, line }],
      ),
      ...programs.map((name) => ({ code: 'MANIFESTS_ELSEWHERE', what: `the manifests of ${name}`, line }) as const),
    ]
  })
  return [...released, ...commanded]
}

/** `web repo/chart --version 1`: of what stands between flags the last of two is the chart. */
function chartIn(rest: string, isPulled: boolean): string {
  const words = rest.split(/[\s"'`]+/).filter(Boolean)
  const operands: string[] = []
  for (let index = 0; index < words.length && operands.length < 2; index++) {
    const word = words[index] ?? ''
    if (!word.startsWith('-')) operands.push(word)
    else if (!word.includes('=') && !SWITCH.test(word)) index++
  }
  // What is pulled has no other name.
  if (isPulled) return operands[0] ?? ''
  const chart = operands.at(-1) ?? ''
  const isAlone = operands.length === 1 && !/[/\\]|\.tgz$/.test(chart)
  return isAlone && !/\s-g\b|--generate-name/.test(` ${rest}`) ? '' : chart
}
