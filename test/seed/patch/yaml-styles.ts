/**
 * Manifests as people write them, by what is special about each. Every one has a single Pod, called `p`, with a container
 * `a` of the image `x.example/a:latest`, and other things that must not move.
 */
const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n${spec}`
const containers = '  containers:\n  - name: a\n    image: x.example/a:latest\n'

export const CASES: Readonly<Record<string, string>> = {
  'block style': pod(containers),
  'indented lists': pod('  containers:\n    - name: a\n      image: x.example/a:latest\n'),
  'image first': pod('  containers:\n  - image: x.example/a:latest\n    name: a\n'),
  'policy that is there': pod(`${containers}    imagePullPolicy: Always\n`),
  'policy in quotes': pod(`${containers}    imagePullPolicy: "Always"\n`),
  'policy without a value': pod(`${containers}    imagePullPolicy:\n`),
  'policy that is null': pod(`${containers}    imagePullPolicy: ~ # default\n`),
  'policy as a folded scalar': pod(`${containers}    imagePullPolicy: >-\n      Always\n    tty: true\n`),
  'image as a folded scalar': pod(
    '  containers:\n  - name: a\n    image: >-\n      x.example/a:latest\n    tty: true\n',
  ),
  'image as a literal scalar at the end': pod('  containers:\n  - name: a\n    image: |-\n      x.example/a:latest'),
  'image on the next line': pod('  containers:\n  - name: a\n    image:\n      x.example/a:latest\n'),
  'image in single quotes': pod("  containers:\n  - name: a\n    image: 'x.example/a:latest' # pinned later\n"),
  'image with a tag': pod('  containers:\n  - name: a\n    image: !!str x.example/a:latest\n'),
  'comments everywhere': `# head\n---\n# above\n${pod(`  # what runs\n  containers: # list\n  # the first\n  - name: a # name\n    # its image\n    image: x.example/a:latest # image\n  # end\n`)}# tail\n`,
  'comment in column 0 above containers': pod(`# nodeSelector:\n#   disk: ssd\n${containers}`),
  'a script that looks like comments above containers': `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  hostname: |\n    # one\n    # two\n${containers}`,
  'no final newline': pod(containers).trimEnd(),
  'blank lines at the end': `${pod(containers)}\n\n\n`,
  'Windows line ends': pod(containers).replaceAll('\n', '\r\n'),
  'byte order mark': `\ufeff${pod(containers)}`,
  'byte order mark and mark': `\ufeff---\n${pod(containers)}`,
  'start mark and end mark': `---\n${pod(containers)}...\n`,
  'start mark with a comment': `--- # the pod\n${pod(containers)}`,
  'empty documents around': `---\n---\n# nothing\n---\n${pod(containers)}---\n`,
  'two documents': `${pod(containers)}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: |+\n    text\n\n\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n`,
  'nodeSelector without a value': pod(`  nodeSelector:\n${containers}`),
  'nodeSelector without a value and a comment': pod(`  nodeSelector: # none yet\n${containers}`),
  'nodeSelector ~': pod(`  nodeSelector: ~\n${containers}`),
  'nodeSelector null': pod(`  nodeSelector: null # none\n${containers}`),
  'nodeSelector {}': pod(`  nodeSelector: {}\n${containers}`),
  'nodeSelector { }': pod(`  nodeSelector: { }\n${containers}`),
  'nodeSelector in flow style': pod(`  nodeSelector: {disk: ssd}\n${containers}`),
  'nodeSelector in flow style on several lines': pod(
    `  nodeSelector: {\n    disk: ssd, # fast\n    zone: a,\n  }\n${containers}`,
  ),
  'nodeSelector in flow style with a comment first': pod(`  nodeSelector: { # where\n    disk: ssd }\n${containers}`),
  'nodeSelector in block style': pod(`  nodeSelector:\n    disk: ssd # fast\n${containers}`),
  'nodeSelector behind the containers': pod(`${containers}  nodeSelector:\n    disk: ssd`),
  'nodeSelector with last month\u2019s label': pod(
    `  nodeSelector:\n    disk: ssd\n    shop.nodeseed.dev/fedcba9876543210: seeded # ours\n${containers}`,
  ),
  'nodeSelector with two old labels': pod(
    `  nodeSelector:\n    shop.nodeseed.dev/fedcba9876543210: seeded\n    shop.nodeseed.dev/aaaaaaaaaaaaaaaa: "seeded"\n    disk: ssd\n${containers}`,
  ),
  'nodeSelector with two old labels in flow style': pod(
    `  nodeSelector: {shop.nodeseed.dev/fedcba9876543210: seeded, disk: ssd, shop.nodeseed.dev/aaaaaaaaaaaaaaaa: seeded}\n${containers}`,
  ),
  'nodeSelector with the new and an old label': pod(
    `  nodeSelector:\n    shop.nodeseed.dev/0123456789abcdef: seeded\n    shop.nodeseed.dev/aaaaaaaaaaaaaaaa: seeded\n${containers}`,
  ),
  'nodeSelector with foreign labels that look like ours': pod(
    `  nodeSelector:\n    other.nodeseed.dev/fedcba9876543210: seeded\n    shop.nodeseed.dev/team: seeded\n    shop.nodeseed.dev/aaaaaaaaaaaaaaaa: mine\n${containers}`,
  ),
  'nodeSelector as an anchor that nothing uses': pod(`  nodeSelector: &where\n    disk: ssd\n${containers}`),
  'nodeSelector as an alias': `x-where: &where {disk: ssd}\n${pod(`  nodeSelector: *where\n${containers}`)}`,
  'nodeSelector as an alias of a block map': `x-where: &where\n  disk: ssd\n  zone: "1"\n${pod(`  nodeSelector: *where # here\n${containers}`)}`,
  'nodeSelector that merges': `x-where: &where {disk: ssd}\n${pod(`  nodeSelector:\n    <<: *where\n    zone: b\n${containers}`)}`,
  'nodeSelector by a merge key of the spec': `x-spec: &spec {nodeSelector: {disk: ssd}}\n${pod(`  <<: *spec\n${containers}`)}`,
  'merge key at the end of the spec': `x-spec: &spec {hostNetwork: true}\n${pod(`${containers}  <<: *spec\n`)}`,
  'merge key that brings the policy': `x-c: &c {imagePullPolicy: Always}\n${pod('  containers:\n  - <<: *c\n    name: a\n    image: x.example/a:latest\n')}`,
  'merge key at the end that brings the policy': `x-c: &c {imagePullPolicy: Always}\n${pod('  containers:\n  - name: a\n    image: x.example/a:latest\n    <<: *c\n')}`,
  'merge key in flow style': `x-c: &c {imagePullPolicy: Always}\n${pod('  containers: [{name: a, image: "x.example/a:latest", <<: *c}]\n')}`,
  'merge list': `x-c: &c {imagePullPolicy: Always}\nx-d: &d {tty: true}\n${pod('  containers:\n  - <<: [*d, *c]\n    name: a\n    image: x.example/a:latest\n')}`,
  'image as an alias': `x-image: &image x.example/a:latest\n${pod('  containers:\n  - name: a\n    image: *image\n')}`,
  'image as an anchor that is used': pod(
    '  containers:\n  - name: a\n    image: &image x.example/a:latest\n    env:\n    - {name: I, value: *image}\n',
  ),
  'duplicate keys': pod(
    `  nodeSelector: {disk: hdd}\n  nodeSelector: {disk: ssd}\n${containers}    image: x.example/a:latest\n`,
  ),
  'flow style':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: "x.example/a:latest"}]}\n',
  'flow style on several lines':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {\n  containers: [\n    {\n      name: a,\n      image: "x.example/a:latest",\n    },\n  ],\n}\n',
  'flow style with comments':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: { # spec\n  containers: [ # list\n    { # first\n      name: a, image: "x.example/a:latest" } ] }\n',
  'flow style in braces':
    '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: x.example/a:latest}]}}\n',
  'keys in quotes':
    '"apiVersion": v1\n"kind": Pod\n"metadata":\n  "name": p\n"spec":\n  "containers":\n  - "name": a\n    "image": "x.example/a:latest"\n',
  JSON: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"x.example/a:latest"}]}}',
  'JSON on several lines': `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'x.example/a:latest' }] } }, null, 2)}\n`,
  'JSON with tabs': `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'x.example/a:latest' }] } }, null, '\t')}\n`,
  'JSON with null':
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeSelector":null,"containers":[{"name":"a","image":"x.example/a:latest","imagePullPolicy":null}]}}\n',
  'JSON with an escaped tab':
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"t":"a\\tb"}},\t"spec":{"containers":[{"name":"a","image":"x.example/a:latest"}]}}\n',
  'a List': `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n  spec:\n    containers:\n    - name: a\n      image: x.example/a:latest\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n`,
  'a PodList whose items say no kind': `apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: p}\n  spec:\n    containers:\n    - name: a\n      image: x.example/a:latest\n`,
  'tabs behind values': pod('  containers:\n  - name: a\t# tab\n    image: x.example/a:latest\t\n'),
  'dash on a line of its own': pod('  containers:\n  -\n    name: a\n    image: x.example/a:latest\n'),
  'deep indentation': pod(
    '        containers:\n                - name: a\n                  image: x.example/a:latest\n',
  ),
  'explicit keys': pod('  ? containers\n  : - name: a\n      image: x.example/a:latest\n'),
  'image volume and init container': pod(
    `${containers}  initContainers:\n  - {name: b, image: x.example/b:latest}\n  ephemeralContainers:\n  - name: c\n    image: x.example/c:latest\n  volumes:\n  - name: v\n    image:\n      reference: x.example/v:latest\n`,
  ),
  'characters beyond ASCII': pod(`  hostname: "gr\u00fc\u00df\u{1f600}" # \u4e16\u754c\n${containers}`),
  'line separators of Unicode': pod(`  hostname: "a\u2028b"\n${containers}`),
  'a trailing block scalar that keeps its blank lines': pod(
    `${containers}    command:\n    - sh\n    - -c\n    - |+\n      echo\n\n\n`,
  ),
  'an annotation that is a manifest': `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n    last: |\n      ---\n      spec:\n        containers:\n        - image: x.example/a:latest\nspec:\n${containers}`,
}
