import { expect, test } from 'vitest'
import { scanDocument } from '../../src/discovery/scan.ts'
import { commandsIn } from '../../src/discovery/texts/shell/shell-commands.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'

const image = (name: string): string => `registry.example.com/x/${name}:1`
const [A, B, C] = [image('a'), image('b'), image('c')]

function imagesOf(...scans: ReturnType<typeof scanDocument>[]): string[] {
  const uses = scans.flatMap((scan) => scan.uses.filter(({ why }) => !why.startsWith('containers')))
  const known = uses.filter(({ reference, confidence }) => confidence !== 'possible' && reference !== image('own'))
  return [...new Set(known.map(({ reference }) => reference))].toSorted()
}
const inResource = (resource: object) =>
  imagesOf(...readAllDocuments(JSON.stringify(resource), 'a.json').map((document) => scanDocument(document)))
const podOf = (container: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: image('own'), ...container }] },
})
const configOf = (text: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { t: text } })

/** Where a line of commands may stand. */
const PLACES: Record<string, (line: string) => string[]> = {
  'a script': (line) => imagesOf(scanDocument({ form: 'text', file: 'a.sh', line: 1, text: `#!/bin/sh\n${line}\n` })),
  'a text of a ConfigMap': (line) => inResource(configOf(line)),
  'a script of a ConfigMap': (line) => inResource(configOf(`#!/bin/sh\nset -e\n${line}\n`)),
  'a command': (line) => inResource(podOf({ command: ['sh', '-c', line] })),
  arguments: (line) => inResource(podOf({ command: ['sh', '-c'], args: [line] })),
}

const LINES: readonly (readonly [line: string, images: readonly string[]])[] = [
  [`docker pull ${A} && docker pull ${B}`, [A, B]],
  [`docker pull ${A};docker pull ${B}`, [A, B]],
  [`docker pull ${A} || docker pull ${B}`, [A, B]],
  [`docker pull ${A} & docker pull ${B}`, [A, B]],
  [`crictl pull ${A} 2>&1 | tee log; crictl pull ${B}`, [A, B]],
  [`(docker pull ${A}; docker pull ${B}) && ctr images pull ${C}`, [A, B, C]],
  [`id=$(docker run -d ${A}); docker cp $id:/x . && docker pull ${B}`, [A, B]],
  [`id=\`docker run -d ${A}\` && docker pull ${B}`, [A, B]],
  [`echo $(docker run ${A}; echo $(docker run ${B})) | podman run -i ${C}`, [A, B, C]],
  [`bash -c "docker pull ${A} && docker pull ${B}"`, [A, B]],
  [`if true; then docker pull ${A}; else docker pull ${B}; fi`, [A, B]],
  [`docker run ${A}; skopeo copy docker://${B} dir:x`, [A, B]],
  [`docker run ${A} && helm install x oci://registry.example.com/x/chart`, [A]],
  [`helm upgrade x ./x --set image=${A} && kubectl set image deploy/x x=${B}`, [A, B]],
  [`kubectl run x --image=${A} && kubectl set image deploy/x x=${B}; kubectl create job z --image ${C}`, [A, B, C]],
  [`export RUNNER_IMAGE=${A}; exec ctl run`, [A]],
  [`RUNNER_IMAGE=${A} exec ctl run --helper-image=${B}`, [A, B]],
  [`docker run -e HELPER_IMAGE=${A} ${B}`, [A, B]],
  [`crictl pull ${A} || true; exec ctl --helper-image=${B}`, [A, B]],
  [`TAGGED=registry.example.com/x/a; docker run $TAGGED:1 && docker run ${B}`, [A, B]],
  [`for i in ${A} ${B}; do docker pull $i; done; docker pull ${C}`, [A, B, C]],
  [`kubectl patch deploy x -p '{"spec":{"containers":[{"name":"c","image":"${A}"}]}}' && docker pull ${B}`, [A, B]],
  [`kubectl patch deploy x -p "{\\"spec\\":{\\"containers\\":[{\\"image\\":\\"${A}\\"}]}}"`, [A]],
  [`kubectl run x --image ${A} --overrides='{"spec":{"containers":[{"name":"x","image":"${B}"}]}}'`, [A, B]],
  [`kubectl patch deploy x -p '{spec: {containers: [{name: c, image: ${A}}]}}'`, [A]],
  [Array.from({ length: 20 }, (_, at) => `docker pull ${image(`n${at + 10}`)}`).join(' && '), numbered(20)],
  [Array.from({ length: 90 }, (_, at) => `docker pull ${image(`n${at + 10}`)}`).join('; '), numbered(90)],
]

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => image(`n${at + 10}`))
}

test.for(LINES)('every command of a line counts: %s', ([line, images]) => {
  const found = Object.entries(PLACES).map(([where, read]) => [where, read(line)])
  expect(found).toEqual(Object.keys(PLACES).map((where) => [where, images]))
})

test.for<[line: string, commands: string[]]>([
  ['a {{ x | y; z }} b | c', ['a {{ x | y; z }} b', 'c']],
  ['a ((x)) b & c 2>&1', ['a ((x)) b', 'c 2>&1']],
  ['A=(b c; d) e; f', ['A=(b c; d) e', 'f']],
  ['a $(b', ['b', 'a $(b']],
  ['f(a; b) c', ['a', 'b', 'f(a; b) c']],
  [') a', [') a']],
])('the commands of %s', ([line, commands]) => {
  expect(commandsIn(line).map(({ text }) => text.trim())).toEqual(commands)
})
