import { expect, test } from 'vitest'
import { Recognition } from '../../src/cli/inputs/parts/recognition.ts'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'

interface Told {
  readonly images: readonly string[]
  /** Texts that are not complete, and their lines in the script. */
  readonly open: readonly string[]
}

function told(scans: readonly ReturnType<typeof scanDocument>[], firstLine: number): Told {
  const images = scans.flatMap(({ uses }) => uses.filter(({ confidence }) => confidence === 'likely'))
  const open = scans.flatMap(({ findings }) => findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED'))
  const quoted = (message: string) => JSON.parse(/the image (".*") is not/.exec(message)?.[1] ?? '""')
  return {
    images: [...new Set(images.map(({ reference, line }) => `${line - firstLine}: ${reference}`))].toSorted(),
    open: open.map(({ message, line = 0 }) => `${line - firstLine}: ${quoted(message)}`),
  }
}

function inScript(script: string, vars?: ReadonlyMap<string, string>): Told {
  const document = { form: 'text', file: 'a.sh', line: 1, text: `#!/bin/sh\n${script}\n` } as const
  return told([scanDocument(document, { vars })], 1)
}

function inConfigMap(script: string, vars?: ReadonlyMap<string, string>): Told {
  const lines = ['#!/bin/sh', ...script.split('\n')].map((line) => `    ${line}`).join('\n')
  const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a.sh: |\n${lines}\n`
  return told(
    readAllDocuments(text, 'a.yaml').map((document) => scanDocument(document, { vars })),
    6,
  )
}

const R = 'REG=r.example/base'

test.for<[why: string, script: string, images: string[], open: string[]]>([
  ['a variable alone', 'crictl pull $IMG', [], ['1: $IMG']],
  ['in quotes', 'docker pull "${IMG}"', [], ['1: ${IMG}']],
  ['a registry', 'docker run -d --name x ${REG}/app:1', [], ['1: ${REG}/app:1']],
  ['a parameter of a function', 'ctr -n k8s.io images pull "$1"', [], ['1: $1']],
  ['what a command prints', 'podman pull $(cat image.txt)', [], ['1: $(cat image.txt)']],
  ['a variable that is read', 'while read -r i; do docker pull $i; done < images.txt', [], ['1: $(cat images.txt)']],
  ['one that a pipe hands over', 'grep x images.txt | while read i; do docker pull $i; done', [], ['1: $i']],
  ['all words of a file', 'for i in $(cat images.txt); do docker pull $i; done', [], ['1: $(cat images.txt)']],
  ['what a file hands xargs by itself', 'xargs -n1 docker pull < images.txt', [], ['1: $(cat images.txt)']],
  ['what nobody knows hands xargs', 'xargs -n1 docker pull', [], ['1: $(cat)']],
  [
    'a list in the script',
    'while read -r i; do\n  docker pull $i\ndone <<EOF\nr.example/a:1 # one\nr.example/b\nEOF',
    ['2: r.example/a:1', '2: r.example/b'],
    [],
  ],
  [
    'a list in quotes',
    `${R}\nL="\n  $REG/a:1\n  r.example/b:1\n"\nfor i in $L; do docker pull $i; done`,
    ['6: r.example/b:1', '6: r.example/base/a:1'],
    [],
  ],
  ['a flag', 'kubectl run x --image=$IMG', [], ['1: $IMG']],
  ['what kubectl sets', 'kubectl set image deploy/x x=$IMG', [], ['1: $IMG']],
  ['several', 'docker save -o x.tar $A_IMAGE ${REG}/b:1', [], ['1: $A_IMAGE', '1: ${REG}/b:1']],
  ['what is copied', 'skopeo copy docker://$SRC/a:1 docker://$DST/a:1', [], ['1: $SRC/a:1']],
  ['a constant above', `${R}\ndocker run \${REG}/app:1`, ['2: r.example/base/app:1'], []],
  ['constants of constants', `A=r.example\nexport B="$A/x"\ncrictl pull $B/y:1`, ['3: r.example/x/y:1'], []],
  ['only what is above', `crictl pull $REG/app:1\n${R}`, [], ['1: $REG/app:1']],
  ['in a comment', `# ${R}\ncrictl pull $REG/app:1`, [], ['2: $REG/app:1']],
  ['the last one', 'A=r.example/a:1\nA=r.example/b:1\ncrictl pull $A', ['3: r.example/b:1'], []],
  [
    'branches',
    'if x; then\n  A=r.example/a:1\nelse\n  A=r.example/b:1\nfi\ncrictl pull $A',
    ['6: r.example/a:1', '6: r.example/b:1'],
    [],
  ],
  ['a branch that nobody knows', 'A=r.example/a:1\nif x; then\n  A=$(x)\nfi\ncrictl pull $A', [], ['5: $A']],
  ['a default', 'crictl pull ${REG:-r.example}/app:1', ['1: r.example/app:1'], []],
  ['a default above', 'REG=${REG:-r.example}\ncrictl pull $REG/app:1', ['2: r.example/app:1'], []],
  ['a default that is assigned', ': "${REG:=r.example}"\ncrictl pull $REG/app:1', ['2: r.example/app:1'], []],
  ['a loop', 'for i in a b; do docker pull r.example/$i:1; done', ['1: r.example/a:1', '1: r.example/b:1'], []],
  [
    'an array',
    'L=(\n  r.example/a:1\n  "r.example/b:1"\n)\nfor i in "${L[@]}"; do\n  docker pull $i\ndone',
    ['6: r.example/a:1', '6: r.example/b:1'],
    [],
  ],
  [
    'a document in the script',
    `${R}\nkubectl apply -f - <<EOF\nkind: Pod\nspec:\n  containers:\n  - image: $REG/web:2\n  - image: \${X}/y:1\nEOF`,
    ['6: r.example/base/web:2'],
    ['7: ${X}/y:1'],
  ],
  [
    'an assignment of a whole reference',
    `${R}\nAPP_IMAGE=$REG/app:1\nB_IMAGE=\${X}/b:1`,
    ['2: r.example/base/app:1'],
    ['3: ${X}/b:1'],
  ],
  [
    'several images at once',
    'podman pull -q r.example/a:1 r.example/b:2',
    ['1: r.example/a:1', '1: r.example/b:2'],
    [],
  ],
  ['of several one that is open', 'podman pull r.example/a:1 $B_IMAGE', ['1: r.example/a:1'], ['1: $B_IMAGE']],
  ['options of a pull in a variable', 'nerdctl pull $OPTS r.example/a:1', ['1: r.example/a:1'], []],
  ['a word that Docker Hub has', 'crictl pull redis', ['1: redis'], []],
  ['another word', 'docker pull it', [], []],
  [
    'a pull into a file',
    'crane pull r.example/a:1 r.example/b:1 all.tar',
    ['1: r.example/a:1', '1: r.example/b:1'],
    [],
  ],
  ['what is run, and not what it is told', 'docker run r.example/a:1 pull r.example/b:1', ['1: r.example/a:1'], []],
  [
    'what an index is made of',
    'docker buildx imagetools create -t r.example/new:1 r.example/a:1',
    ['1: r.example/a:1'],
    [],
  ],
  [
    'what echo hands xargs',
    'echo r.example/a:1 r.example/b:1 | xargs -n1 docker pull',
    ['1: r.example/a:1', '1: r.example/b:1'],
    [],
  ],
  [
    'what echo prints as one text',
    'echo "r.example/a:1 r.example/b:1" | xargs -n1 docker pull',
    ['1: r.example/a:1', '1: r.example/b:1'],
    [],
  ],
  [
    'what printf hands xargs',
    "printf '%s\\n' r.example/a:1 'r.example/b:1' | xargs -n1 docker pull",
    ['1: r.example/a:1', '1: r.example/b:1'],
    [],
  ],
  ['where xargs puts it', 'echo r.example/a:1 | xargs -I{} skopeo copy docker://{} dir:x', ['1: r.example/a:1'], []],
  ['what a file hands xargs', 'cat images.txt | xargs -n1 docker pull', [], ['1: $(cat images.txt)']],
  ['an image behind options in a variable', 'docker run $OPTS r.example/a:1', ['1: r.example/a:1'], []],
  ['an image of Docker Hub', 'docker run -p 8080:80 redis:7', ['1: redis:7'], []],
  ['a word of Docker Hub that is run', 'docker run -it --rm alpine sh', ['1: alpine'], []],
  ['a path without a version that is run', 'docker run --rm shop/web /bin/sh', ['1: shop/web'], []],
  ['a path that is spoken of', 'echo Please let docker run and/or stop', [], []],
  [
    'a command of several lines',
    `${R}\nTAG=1\ndocker run \\\n  -v x:/x \\\n  "$REG/app:$TAG"`,
    ['5: r.example/base/app:1'],
    [],
  ],
  ['one that is open', 'docker run \\\n  -v x:/x \\\n  "$REG/app:1" \\\n  sh', [], ['3: $REG/app:1']],
  ['with a comment inside', 'docker run -d \\\n  # not yet\n  r.example/a:1', ['3: r.example/a:1'], []],
  ['behind a pipe', 'echo r.example/a:1 |\n  xargs docker pull', ['1: r.example/a:1'], []],
  ['a value that looks like an image', 'docker run --add-host a:1.1.1.1 r.example/a:1', ['1: r.example/a:1'], []],
  ['of several letters', 'docker run -itv r.example/v:1 r.example/a:1', ['1: r.example/a:1'], []],
  ['a terminal, which is no name', 'docker run -t r.example/a:1 sh', ['1: r.example/a:1'], []],
  [
    'a flag that nobody knows',
    'docker run --fresh r.example/a:1 r.example/b:1',
    ['1: r.example/a:1', '1: r.example/b:1'],
    [],
  ],
  ['one that is open before one that is not', 'docker run --fresh $MODE r.example/a:1', ['1: r.example/a:1'], []],
  [
    'images of which one may be a value',
    'docker run --fresh $REG/a:1 r.example/b:1',
    ['1: r.example/b:1'],
    ['1: $REG/a:1'],
  ],
  ['a value of several words', 'docker run -e "A=b c" -l "r=x(y) && z | w" r.example/a:1', ['1: r.example/a:1'], []],
  ['what a command prints as a value', 'docker run -v $(readlink -f .):/x r.example/a:1', ['1: r.example/a:1'], []],
  ['what a command prints', 'docker run `cat image`', [], ['1: $(cat image)']],
  ['a program that is chosen elsewhere', '"$DOCKER" run -d r.example/a:1', ['1: r.example/a:1'], []],
  [
    'a patch with quotes that end for a variable',
    `${R}\nkubectl patch deploy x -p '{"spec":{"image":"'"$REG"'/x:1"}}'`,
    ['2: r.example/base/x:1'],
    [],
  ],
  [
    'operations of a patch',
    `kubectl patch deploy x --type json -p '[{"op":"add","path":"/spec/image","value":"r.example/a:1"}]'\n` +
      `kubectl patch deploy x --type json -p '[{"value":"'\${REG}'/b:1","path":"/spec/image","op":"add"}]'`,
    ['1: r.example/a:1'],
    ['2: ${REG}/b:1'],
  ],
  [
    'values of a chart',
    'helm upgrade x ./x \\\n  --set image.repository="r.example/a" \\\n  --set image.tag=1',
    ['1: r.example/a:1'],
    [],
  ],
  ['values of options', 'docker run -v $PWD:/data -e A=$B r.example/a:1 --to $C', ['1: r.example/a:1'], []],
  [
    'a variable for the image, and an argument that is one',
    'docker run $IMAGE --side r.example/a:1',
    [],
    ['1: $IMAGE'],
  ],
  [
    'no images',
    'docker network create $NET\ndocker compose run $SERVICE\ndocker build -t $TAG .\ndocker push $IMG',
    [],
    [],
  ],
  ['variables that hold no whole reference', 'X_IMAGE=$1\nY_IMAGE=$(docker images -q)', [], []],
  ['a target of a tag', 'docker tag app $REG/app:1', [], []],
  ['what refers to itself', 'A=$A$A\nA=$A$A\ncrictl pull $A/x:1', [], ['3: $A/x:1']],
  ['a part that is cut off', 'V=1.2.3\ndocker run r.example/a:${V%.*}', [], ['2: r.example/a:${V%.*}']],
  ['a part that is exchanged', 'V=1.2.3\ncrictl pull r.example/a:${V//./-}', [], ['2: r.example/a:${V//./-}']],
  [
    'a piece',
    'docker pull r.example/a:${V:1} r.example/b:${V,,}',
    [],
    ['1: r.example/a:${V:1}', '1: r.example/b:${V,,}'],
  ],
  ['an entry of an array', 'docker pull r.example/a:${A[0]}', [], ['1: r.example/a:${A[0]}']],
  ['a name of a name', 'docker pull r.example/a:${!X}', [], ['1: r.example/a:${!X}']],
  ['what has to be set', 'V=1\ndocker pull r.example/a:${V:?need}', ['2: r.example/a:1'], []],
  ['a parameter in a tag', 'f() { docker pull "r.example/$1:1"; }', [], ['1: r.example/$1:1']],
  ['what a command prints in a tag', 'docker pull r.example/a:$(cat V)', [], ['1: r.example/a:$(cat V)']],
  ['the same in backticks', 'docker pull r.example/a:`cat V`', [], ['1: r.example/a:`cat V`']],
  ['a sum', 'docker run "r.example/a:v$((1 + 1))"', [], ['1: r.example/a:v$((1 + 1))']],
  ['what kubectl sets in part', 'kubectl set image d x=r.example/a:$(git log)', [], ['1: r.example/a:$(git log)']],
  [
    'braces',
    'docker pull r.example/{a,b}:{1,2}',
    ['1: r.example/a:1', '1: r.example/a:2', '1: r.example/b:1', '1: r.example/b:2'],
    [],
  ],
  ['too many in braces', `docker pull r.example/{${'a,'.repeat(70)}b}`, [], [`1: r.example/{${'a,'.repeat(70)}b}`]],
  ['what is added to', 'I=r.example/a\nI+=":1"\ndocker run "$I"', ['3: r.example/a:1'], []],
  ['a program in a variable', 'CMD="docker run --rm"\n$CMD r.example/a:1', ['2: r.example/a:1'], []],
  ['an alias', 'alias d=docker\nsudo d pull r.example/a:$1', [], ['2: r.example/a:$1']],
  ['words of a program', 'args=(run --rm -v /a:/b)\ndocker "${args[@]}" r.example/a:1', ['2: r.example/a:1'], []],
  ['what kustomize sets', 'kustomize edit set image a=r.example/a:1', ['1: r.example/a:1'], []],
  [
    'an image that is mounted',
    'docker run --mount type=image,source=r.example/m:1,target=/m r.example/a:1',
    ['1: r.example/a:1', '1: r.example/m:1'],
    [],
  ],
  ['what oc makes an application of', 'oc new-app -n x r.example/a:1', ['1: r.example/a:1'], []],
  ['what oc mirrors', 'oc image mirror r.example/a:1 mirror.example/a:1', ['1: r.example/a:1'], []],
])('%s', ([, script, images, open]) => {
  expect(inScript(script)).toEqual({ images, open })
  expect(inConfigMap(script)).toEqual({ images, open })
})

const IN = (interpreter: string, program: string) => `${interpreter} - <<'END'\n${program}\nEND`

test.for<[why: string, script: string, images: string[], open: string[]]>([
  [
    'an SDK of Python',
    IN('python3', 'client.images.pull("r.example/a", tag="1")\nx = c.containers.run("redis")'),
    ['2: r.example/a:1', '3: redis'],
    [],
  ],
  ['a list of words', IN('python3', 'subprocess.run(["docker", "pull", "r.example/a:1"])'), ['2: r.example/a:1'], []],
  [
    'a list of words over lines, in a loop',
    IN(
      'python3',
      'reg = "r.example"\nfor n in [\n  "a",\n  "b",\n]:\n  run([\n    "docker",\n    "pull",\n    reg + "/" + n + ":1",\n  ])',
    ),
    ['8: r.example/a:1', '8: r.example/b:1'],
    [],
  ],
  ['a formatted text', IN('python3', 'run(["docker", "pull", f"{reg}/a:{tags[0]}"])'), [], ['2: ${reg}/a:${tags}']],
  ['a format', IN('python3', 'sh("docker pull {}/a:{tag}".format(reg, tag=t))'), [], ['2: ${_}/a:${tag}']],
  ['a program of one line', `python3 -c 'run(["crictl", "pull", image])'`, [], ['1: ${image}']],
  [
    'JavaScript',
    IN('node', "execFileSync('docker', ['pull', 'r.example/a:1'])\ndocker.pull(`r.example/b:${tag}`)"),
    ['2: r.example/a:1'],
    ['3: r.example/b:${tag}'],
  ],
  [
    'Ruby',
    IN('ruby', `%w[docker pull r.example/a:1]\nsystem "docker pull #{ENV['REG']}/b:1"`),
    ['2: r.example/a:1'],
    ['3: ${REG}/b:1'],
  ],
  ['Perl', `perl -e 'system("docker", "pull", "r.example/a:1")'`, ['1: r.example/a:1'], []],
  [
    'a function',
    'R=r.example/x\nget "$R/a:1"\nget registry.example.com/$X/b:1\nget "$REGISTRY/c:$V"',
    [],
    ['3: registry.example.com/$X/b:1', '4: $REGISTRY/c:$V'],
  ],
  [
    'a list that is completed',
    'IMAGES="a:1 b:2.0"\nfor i in $IMAGES; do docker pull $R/$i; done',
    [],
    ['2: $R/a:1', '2: $R/b:2.0'],
  ],
  [
    'a loop that is completed',
    'for i in a:1.0 b:2.0; do docker pull r.example/$i; done',
    ['1: r.example/a:1.0', '1: r.example/b:2.0'],
    [],
  ],
  [
    'lists in files',
    'skopeo sync --scoped -s yaml -d docker sync.yml r.example\noc image mirror -f map.txt\nregsync once -c r.yml\nskopeo sync --src docker --dest dir r.example/a /m',
    ['4: r.example/a'],
    ['1: $(cat sync.yml)', '2: $(cat map.txt)', '3: $(cat r.yml)'],
  ],
  ['what is made', 'docker build -t $REGISTRY/a:$V .\ndocker push $REGISTRY/a:$V\necho $REGISTRY/a:$V', [], []],
  ['paths', 'export PATH=$HOME/bin:$PATH\nrun -v $PWD/x:data\nscp a $HOST/b:$C', [], []],
])('in a script, %s', ([, script, images, open]) => {
  expect(inScript(script)).toEqual({ images, open })
  expect(inConfigMap(script)).toEqual({ images, open })
})

test.for<[file: string, text: string, open: string[]]>([
  ['a.cue', 'spec: containers: [{\n\timage: "r.example/a:\\(_tag)"\n}]', ['2: r.example/a:\\(_tag)']],
  ['a.cue', '#Image: "r.example/a:\\(#tag)"\n// x: "r.example/b:\\(c)"', ['1: r.example/a:\\(#tag)']],
  ['a.cue', 'images: web: "\\(reg)/a:1"', ['1: \\(reg)/a:1']],
  ['a.jsonnet', "{ image: 'r.example/a:%s' % tag }", ['1: r.example/a:%s']],
  ['a.jsonnet', "{ image: reg + '/a:' + std.extVar('tag') }", ['1: ${reg}/a:${tag}']],
  ['a.jsonnet', "{ local x = 'r.example/a:%(tag)s' % c, }", ['1: r.example/a:%(tag)s']],
  ['a.jsonnet', "{ image: std.format('%s/a:%s', [r, t]) }", ['1: %s/a:%s']],
  ['a.pkl', 'c { new { image = "r.example/a:\\(tag)" } }', ['1: r.example/a:\\(tag)']],
  ['a.tf', 'locals { web = format("%s/a:%s", var.registry, var.tag) }', ['1: %s/a:%s']],
  ['a.tf', 'x = "${var.dir}/a:${var.b}"\ny = "http://${var.host}/a:${var.b}"', []],
])('what a language of its own leaves open in %s: %s', ([file, text, open]) => {
  const scan = scanDocument({ form: 'text', file, line: 1, text })
  expect(told([scan], 0)).toEqual({ images: [], open })
})

test('what a script leaves open is filled in by what the user says', () => {
  const vars = new Map([['REG', 'r.example']])
  const script = 'docker run ${REG}/app:1\ncrictl pull $OTHER/b:1'
  for (const answer of [inScript(script, vars), inConfigMap(script, vars)]) {
    expect(answer).toEqual({ images: ['1: r.example/app:1'], open: ['2: $OTHER/b:1'] })
  }
})

test('a command of one line in a field is told too', () => {
  const text =
    'apiVersion: x.example/v1\nkind: Node\nmetadata: {name: n}\nspec: {preCommands: ["ctr images pull ${REG}/x:1"]}\n'
  const scans = readAllDocuments(text, 'a.yaml').map((document) => scanDocument(document))
  expect(told(scans, 1)).toEqual({ images: [], open: ['3: ${REG}/x:1'] })
})

test('a script with resources in which nothing is run is known for what it is', () => {
  const script = (text: string) => ({ form: 'text', file: 'a.sh', line: 1, text: `#!/bin/sh\n${text}\n` }) as const
  const unknown = (text: string) => {
    const recognition = new Recognition()
    recognition.follow(script(text), scanDocument(script(text)))
    const end = { form: 'end', file: 'a.sh', isRepeated: false } as const
    return recognition.follow(end, scanDocument(end))?.code
  }
  const topic = 'apiVersion: x.example/v1\nkind: Topic\nmetadata: {name: t}\nspec: {partitions: 1}'
  expect(unknown(`kubectl apply -f - <<EOF\n${topic}\nEOF`)).toBeUndefined()
  expect(unknown('helm install a repo/chart')).toBeUndefined()
  expect(unknown('echo hello')).toBe('INPUT_UNRECOGNISED')
})

test('a list that a script reads and that is among the inputs is no omission', () => {
  const resource = `apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  images.txt: |
    r.example/a:1
    r.example/b
  pull.sh: |
    #!/bin/sh
    while read i; do docker pull $i; done < "$HERE/images.txt"
    for i in $(cat others.txt); do docker pull $i; done
`
  const { uses, findings } = scanObjects(
    readAllDocuments(resource, 'a.yaml').flatMap((one) => (one.form === 'manifest' ? [one.value] : [])),
    'a.yaml',
  )
  expect(uses.map(({ reference }) => reference)).toEqual(['r.example/a:1', 'r.example/b'])
  const open = findings.filter(({ code }) => code === 'IMAGE_UNRESOLVED').map(({ message }) => message)
  expect(open).toEqual([expect.stringContaining('$(cat others.txt)')])
})

test('a script that is too long to be searched for what it installs is said to be', () => {
  const text = `docker pull r.example/a:1\n${'echo a line of a long script\n'.repeat(40_000)}helm install a oci://r.example/ch/a\n`
  const { findings } = scanDocument({ form: 'text', text, file: 'a.sh', line: 1 }, {})
  expect(findings.map(({ code }) => code)).toContain('MANIFESTS_ELSEWHERE')
})
