import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { scanDocument } from '../../src/discovery/scan.ts'
import { installsInText } from '../../src/discovery/texts/shell/installs.ts'
import { scanText } from '../support/scan-text.ts'
import { directoryWith } from '../support/temporary.ts'

test.for<[text: string, says: string[]]>([
  ['helm install x oci://r.example/t/chart --version 1', ['chart oci://r.example/t/chart']],
  ['helm upgrade --install a repo/redis', ['chart repo/redis']],
  ['helm upgrade -n web --install --wait a repo/redis --set image.tag=1', ['chart repo/redis']],
  ['helm --kubeconfig x install --generate-name repo/redis', ['chart repo/redis']],
  ['helm install repo/redis -g', ['chart repo/redis']],
  ['helm upgrade a \\\n  repo/redis', ['chart repo/redis']],
  ['helm template a ./chart | kubectl apply -f -', ['chart ./chart']],
  ['helm pull oci://r.example/t/chart --version 2', ['chart oci://r.example/t/chart']],
  ['helm fetch --repo https://r.example web', ['chart web']],
  ['"$HELM" upgrade -i a repo/redis', ['chart repo/redis']],
  ['${HELM_BIN} install a repo/redis', ['chart repo/redis']],
  ['/usr/local/bin/helm install a repo/redis', ['chart repo/redis']],
  [
    'kubectl kustomize https://git.example/a//b?ref=1 | kubectl apply -f -',
    ['manifests from https://git.example/a//b?ref=1'],
  ],
  ['kustomize build --enable-helm github.com/a/b', ['manifests from github.com/a/b']],
  ['kustomize build overlays/prod', []],
  ['curl -sL https://x.example/y.yaml | kubectl apply -f -', ['manifests from https://x.example/y.yaml']],
  ['wget -qO- "https://x.example/y.yaml" | envsubst | oc create -f -', ['manifests from https://x.example/y.yaml']],
  ['kubectl apply -f <(curl -s https://x.example/y.yaml)', ['manifests from https://x.example/y.yaml']],
  ['curl -O https://x.example/y.tgz', []],
  ['curl -LO https://x.example/y.yaml', []],
  ['curl -LO https://x.example/y.yaml\nkubectl apply -f y.yaml', ['manifests from https://x.example/y.yaml']],
  ['git clone https://x.example/y && kubectl apply -k y/', ['manifests from https://x.example/y']],
  ['git clone https://x.example/y && cat z | kubectl apply -f -', []],
  ['resource "helm_release" "a" {\n  name = "a"\n  set { name = "x" }\n  chart = "redis"\n}', ['chart redis']],
  ['resource "helm_release" "a" {\n  chart = "./redis"\n}\nresource "b" "c" {\n  chart = "d"\n}', []],
  ['istioctl install --set profile=demo', ['the manifests of istioctl install']],
  ['linkerd viz install | kubectl apply -f -', ['the manifests of linkerd viz install']],
  ['cilium install --version 1.17', ['the manifests of cilium install']],
  ['flux bootstrap git --url x', ['the manifests of flux bootstrap']],
  ['clusterctl init --infrastructure docker', ['the manifests of clusterctl init']],
  ['sudo kubeadm init --config x', ['the manifests of kubeadm init']],
  ['helmfile -e prod apply', ['the manifests of helmfile -e prod apply']],
  ['cilium status; istioctl version; flux get all', []],
  ['helm uninstall a; helm repo add a https://r.example', []],
  ['helm install web', []],
  ['# helm install x repo/redis', []],
  ['kubectl apply -f https://x.example/z.yaml', ['manifests from https://x.example/z.yaml']],
  ['kubectl -n a create --filename=https://x.example/z.yaml', ['manifests from https://x.example/z.yaml']],
  ['oc apply -k github.com/a/b?ref=1', ['manifests from github.com/a/b?ref=1']],
  ['kubectl apply -f here.yaml', []],
  ['kubectl get -f https://x.example/z.yaml', []],
  ['#\nkubectl apply -f here.yaml', ['manifests from here.yaml']],
  ['#\nkubectl -n a apply --server-side -Rf "$DIR/a" -f "$X"', ['manifests from $DIR/a', 'manifests from $X']],
  ['U=https://x.example/z.yaml\nkubectl apply -f $U', ['manifests from https://x.example/z.yaml']],
  ['cat > "$tmp/a.yaml" <<E\nE\nkubectl apply -f "$tmp/a.yaml"', []],
  ['#\ncat a | kubectl apply -f - && kubectl create configmap a --from-file=b', []],
  ['#\npodman kube play --replace a.yaml', ['manifests from a.yaml']],
  ['#\ndocker compose -f a.yaml up; docker-compose -f b.yaml down', ['the services of a.yaml']],
  [
    '#\ndocker load -i a.tar; docker load < b.tar; ctr -n k8s.io images import --all-platforms c.tar',
    ['the archive a.tar', 'the archive b.tar', 'the archive c.tar'],
  ],
  ['docker save -o a.tar r.example/a:1\nkind load image-archive a.tar', []],
  ['curl -sfL https://x.example | INSTALL=x sh -', ['what https://x.example installs']],
  ['bash <(curl -s https://x.example/i.sh)', ['what https://x.example/i.sh installs']],
  ['curl https://x.example/scripts/get-helm-3 | bash', []],
  ['curl https://x.example/a | jq .sh', []],
  ['zarf package deploy a.tar.zst', ['the manifests of zarf package deploy']],
])('%s brings %j', ([text, says]) => {
  expect(installsInText(text).map(({ what }) => what)).toEqual(says)
})

const pod = (container: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, image: "r.example/k:1", ${container}}]}\n`
const configMap = (text: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {run.sh: ${JSON.stringify(text)}}\n`

test.for<[what: string, text: string, codes: string[]]>([
  ['a command of a shell', pod('command: [bash, -ec, "helm install x oci://r.example/chart"]'), ['CHART_ELSEWHERE']],
  ['a command in words', pod('command: [helm], args: [install, x, repo/chart]'), ['CHART_ELSEWHERE']],
  ['several lines', pod('args: ["set -e\\nkubectl apply -f https://x.example/z.yaml\\n"]'), ['MANIFESTS_ELSEWHERE']],
  ['a variable', pod('env: [{name: RUN, value: "helm install x repo/chart"}]'), ['CHART_ELSEWHERE']],
  ['a script of a ConfigMap', configMap('#!/bin/sh\nhelm install x repo/chart\n'), ['CHART_ELSEWHERE']],
  [
    'one about images too',
    configMap('#!/bin/sh\ndocker pull r.example/a:1\nhelm install x repo/chart\n'),
    ['CHART_ELSEWHERE'],
  ],
])('%s that installs is said once', ([, text, codes]) => {
  expect(scanText(text).findings.map(({ code }) => code)).toEqual(codes)
})

test('what a script that lies in a directory installs is told more quietly', () => {
  const script = { form: 'text', file: 'a.sh', line: 1, text: '#!/bin/sh\nhelm install x repo/chart\n' } as const
  const told = (isFound: boolean) =>
    scanDocument({ ...script, isFound }).findings.map((one) => [one.code, one.severity])
  expect(told(false)).toEqual([['CHART_ELSEWHERE', 'warning']])
  expect(told(true)).toEqual([['CHART_ELSEWHERE', 'info']])
})

test.for<[container: string, images: string[], open: string[]]>([
  ['command: [docker, pull, redis]', ['likely redis'], []],
  ['command: [/usr/bin/crictl], args: [pull, "$(IMG)"]', [], ['$(IMG)']],
  [
    'command: [crictl], args: [pull, "$(IMG)"], env: [{name: IMG, value: "r.example/a:1"}]',
    ['likely r.example/a:1'],
    [],
  ],
  ['command: [skopeo, copy, "docker://r.example/a:1", "docker://r.example/b:1"]', ['likely r.example/a:1'], []],
  ['command: [kubectl, set, image, deploy/web, "web=r.example/a:1"]', ['likely r.example/a:1'], []],
  ['command: [server, pull, redis]', [], []],
])('images that a container hands to a program in words: %s', ([container, images, open]) => {
  const { uses, findings } = scanText(pod(container))
  const found = uses.filter(({ layer }) => layer === 'argument' || layer === 'environment')
  expect([...new Set(found.map(({ reference, confidence }) => `${confidence} ${reference}`))]).toEqual(images)
  const told = findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED').map(({ message }) => message)
  expect(told).toEqual(open.map((text) => expect.stringContaining(`the image ${JSON.stringify(text)}`)))
})

test('what a script applies is left out unless it is among the inputs', async () => {
  const script =
    '#!/bin/sh\nkubectl apply -f ../a/web.yaml -f "$HERE/b" -f c/ -f /mnt/d.yaml -f none.yaml -f "$ALL"/*.yaml\n'
  const files = { 'run/x.sh': script, 'a/web.yaml': pod(''), 'b/web.yaml': pod(''), 'c/d.yaml': configMap('a') }
  const { findings } = await scanInputs([await directoryWith(files)])
  const left = findings.filter(({ code }) => code === 'MANIFESTS_ELSEWHERE')
  expect(left.map(({ message, severity }) => [severity, /manifests from (\S+),/.exec(message)?.[1]])).toEqual([
    ['info', 'none.yaml'],
    ['info', '$ALL/*.yaml'],
  ])
})
