import { chmod, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { expect, test } from 'vitest'
import { packedAs } from '../../../src/cli/inputs/contents/packed-chart.ts'
import { runCli } from '../../support/cli.ts'
import { testWith } from '../../support/debian.ts'
import { directoryWith } from '../../support/temporary.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "pod:1"}]}\n'
const CHART = 'apiVersion: v2\nname: shop\nversion: 0.1.0\n'

// Stands in for helm: it shows which chart it is to render, and whether that is packed.
const HELM = `#!/bin/sh
for last; do :; done
case "$1" in
  template) printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: p}\\nspec: {containers: [{name: c, image: "%s:1"}]}\\n' "$(basename "$last" .tgz)" ;;
  show) printf 'name: shop\\nversion: 0.1.0\\n' ;;
esac
`

async function packed(files: Readonly<Record<string, string | { linkname: string }>>): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string') archive.entry({ name }, content)
    else archive.entry({ name, type: 'symlink', linkname: content.linkname })
  }
  archive.finalize()
  return gzipSync(await buffer(archive as unknown as AsyncIterable<Uint8Array>))
}

async function scanned(files: Readonly<Record<string, string | Buffer>>, links: Readonly<Record<string, string>> = {}) {
  const folder = await directoryWith({ ...files, 'bin/helm': HELM })
  await chmod(join(folder, 'bin/helm'), 0o755)
  for (const [path, target] of Object.entries(links)) await symlink(target, join(folder, path))
  const env = { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` }
  const { exitCode, stdout } = await runCli(['scan', join(folder, 'in'), '--json'], { env })
  const { images, omissions } = JSON.parse(stdout)
  const entries = omissions.flatMap(({ code, entries }: { code: string; entries: { file: string }[] }) =>
    entries.map(({ file }) => `${code} ${file.slice(folder.length + 4)}`),
  )
  return { exitCode, images, left: entries.toSorted(), folder, env }
}

test('packed charts and lists below a directory are read, and what may be one is told', async () => {
  const { exitCode, images, left } = await scanned(
    {
      'in/pod.yaml': POD,
      'in/charts/shop-0.1.0.tgz': await packed({ 'shop/Chart.yaml': CHART, 'shop/templates/a.yaml': POD }),
      'in/charts/late.tar.gz': await packed({ 'late/templates/a.yaml': POD, 'late/Chart.yaml': CHART }),
      'in/charts/lib-1.0.0.tgz': await packed({ 'lib/Chart.yaml': `${CHART}type: library\n` }),
      'in/sub/Chart.yaml': CHART,
      'in/sub/charts/part-1.0.0.tgz': await packed({ 'part/Chart.yaml': CHART }),
      'in/repository.tgz': await packed({ 'repo/charts/x/Chart.yaml': CHART }),
      'in/program.tgz': await packed({ 'bin/program': 'x' }),
      'in/images.tar.gz': await packed({ 'manifest.json': '[]', 'x/a.yaml': POD }),
      'in/damaged.tgz': gzipSync('no tar at all'),
      'in/cut.tgz': (await packed({ 'shop/Chart.yaml': CHART })).subarray(0, 20),
      'in/images.txt': 'quay.io/a/list:1\n',
      'in/lists/IMAGES': '# for nodes\nquay.io/a/plain:1\n',
      'in/lists/images-v1.2': 'quay.io/a/version:1\n',
      'in/lists/with-files.lst': 'quay.io/a/b:1 b.tar\n',
      'in/Dockerfile': 'FROM nginx:1.27\n',
      'in/notes.txt': 'nothing here\n',
      'in/.nodeseedignore': 'off-images.txt\n',
      'in/off-images.txt': 'quay.io/a/off:1\n',
      'out/images.txt': 'quay.io/a/out:1\n',
    },
    { 'in/linked-images.txt': '../out/images.txt', 'in/again-images.txt': 'lists/IMAGES' },
  )
  const names = ['late.tar.gz', 'pod', 'shop-0.1.0', 'sub'].map((name) => `docker.io/library/${name}:1`)
  expect(images).toEqual([...names, ...['list', 'plain', 'version'].map((name) => `quay.io/a/${name}:1`)])
  expect(left).toEqual([
    'FILE_IGNORED off-images.txt',
    ...['cut.tgz', 'damaged.tgz', 'linked-images.txt', 'lists/with-files.lst', 'repository.tgz'].map(
      (file) => `NOT_READ ${file}`,
    ),
  ])
  expect(exitCode).toBe(0)
})

test('scripts and templates below a directory name possible images, and one that is named is read for what it is', async () => {
  const script = '#!/bin/sh\nREG=r.example\ndocker run $REG/app:1\ncrictl pull $IMG\n'
  const { images, left, folder } = await scanned({
    'in/pod.yaml': POD,
    'in/install.sh': script,
    'in/a.yaml.j2': 'spec:\n  containers:\n  - {{ a }}\n    image: quay.io/a/j2:1\n  - image: "{{ reg }}/b:1"\n',
    'in/main.tf': 'container {\n  image = "quay.io/a/tf:1"\n  image = "${var.x}/b:1"\n}\n',
    'in/empty.sh': 'echo\n',
    'in/more.yaml.gotmpl': 'image:\n  repository: quay.io/x/y\n  tag: {{ .Values.tag }}\n',
    'in/vars.tf': 'variable "image" { default = "quay.io/x/y:1" }\n',
  })
  expect(images).toEqual(['docker.io/library/pod:1'])
  const unsure = ['a.yaml.j2', 'install.sh', 'main.tf', 'vars.tf'].map((file) => `LEFT_OUT_AS_UNSURE ${file}`)
  expect(left).toEqual([
    ...['a.yaml.j2', 'install.sh', 'main.tf'].map((file) => `IMAGE_UNRESOLVED ${file}`),
    ...unsure,
    'NOT_READ more.yaml.gotmpl',
  ])
  const named = await runCli(['scan', join(folder, 'in/install.sh'), '--var', 'IMG=quay.io/a/img:1', '--json'])
  expect(JSON.parse(named.stdout)).toMatchObject({ images: ['quay.io/a/img:1', 'r.example/app:1'], findings: [] })
})

test('a list that a directory holds is nothing to patch, and nothing that was left out', async () => {
  const { folder, env } = await scanned({ 'in/pod.yaml': POD, 'in/images.txt': 'quay.io/a/list:1\n' })
  const answer = await runCli(['patch', join(folder, 'in'), '--policy', 'Never', '--in-place'], { env })
  expect(answer).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('pod.yaml: 1 change') })
  const named = await runCli(['patch', join(folder, 'in/images.txt'), '--policy', 'Never'], { env })
  expect(named).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('a list of images') })
})

testWith(['kubectl'])('beside a kustomization that is named lists and packed charts are told', async () => {
  const { images, left } = await scanned({
    'in/kustomization.yaml': 'resources: [pod.yaml]\nconfigMapGenerator: [{name: c, files: [used-images.txt]}]\n',
    'in/pod.yaml': POD,
    'in/used-images.txt': 'quay.io/a/used:1\n',
    'in/images.txt': 'quay.io/a/list:1\n',
    'in/shop.tgz': await packed({ 'shop/Chart.yaml': CHART }),
  })
  expect(images).toContain('docker.io/library/pod:1')
  expect(images).not.toContain('quay.io/a/list:1')
  expect(left).toEqual(['NOT_INCLUDED images.txt', 'NOT_INCLUDED shop.tgz'])
})

test('a packed file is looked through within limits, and its links lead nowhere', async () => {
  const folder = await directoryWith({
    'bomb.tgz': gzipSync(Buffer.alloc(65 * 1024 * 1024)),
    'linked.tgz': await packed({ 'shop/Chart.yaml': { linkname: '/etc/hostname' }, 'shop/a.yaml': POD }),
  })
  const as = (name: string) => packedAs(join(folder, name))
  expect(await as('bomb.tgz')).toEqual({ why: 'cannot be unpacked: unpacks to more than 64 MiB' })
  expect(await as('linked.tgz')).toEqual({ why: 'is an archive that is no chart, and holds manifests' })
})
