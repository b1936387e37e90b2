import { expect, test } from 'vitest'
import { scanDocument } from '../../src/discovery/scan.ts'
import { readEveryDocument } from '../../src/kubernetes/documents/document.ts'
import type { PodPlace } from '../../src/kubernetes/places/pod-places.ts'
import { patchDocument } from '../../src/seed/patch/patch-document.ts'
import { podEdits } from '../../src/seed/patch/pod-edit.ts'
import { countWork } from '../support/counted-work.ts'

const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('')
const json = (kind: string, rest: object): string =>
  JSON.stringify({ apiVersion: 'x.example/v1', kind, metadata: { name: 'x' }, ...rest })
const config = (text: string): string => json('ConfigMap', { data: { text } })
const custom = (spec: unknown): string => json('Engine', { spec })
const entries = (count: number, make: (index: number) => [string, unknown]): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => make(index)))
const list = (count: number, make: (index: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, index) => make(index))
const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: ${JSON.stringify(image)}\n`
const deployment = (index: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `d${index}` },
  spec: { template: { spec: { containers: [{ name: 'c', image: `x/y:${index}` }] } } },
})
const blockDeployment = (index: number, start: string): string =>
  `${start}apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: d${index}}\n  spec:\n    template:\n      spec:\n        containers:\n        - name: c\n          image: x/y:1\n`

/** What hostile and large inputs are made of, each for a size. */
const INPUTS: Record<string, (size: number) => string> = {
  'base64 in a Secret': (n) =>
    json('Secret', { data: entries(n, (i) => [`a${i}`, Buffer.from('image: x/y:1\n'.repeat(3)).toString('base64')]) }),
  'one long base64 in a Secret': (n) =>
    json('Secret', { data: { a: 'aW1hZ2U6IHgveToxCg=='.slice(0, 16).repeat(n * 5) } }),
  'blank lines in a text': (n) => config(`image${'\n'.repeat(n * 50)}`),
  'lines of white space in a text': (n) => config(`image\n${' \n'.repeat(n * 25)}`),
  'one line of white space': (n) => config(`image${' '.repeat(n * 50)}x\n`),
  'a run of folders': (n) => config(`${'a/'.repeat(n * 25)}\n`),
  'a run of dots': (n) => config(`a/${'.'.repeat(n * 50)}\n`),
  'quotes without end': (n) => config(`${'"'.repeat(n * 50)}\nimage`),
  'braces without end': (n) => config(`${'{{ '.repeat(n * 20)}\nimage`),
  'comment marks': (n) => config(`${'#'.repeat(n * 50)}\nimage`),
  'assignments in a line': (n) => config(`${'a=image:'.repeat(n * 6)}\nimage`),
  'flags in a line': (n) => config(`x ${'--image a/b:1 '.repeat(n * 4)}\n{`),
  'lines that assign': (n) => config(`${'image: x/y:1 {\n'.repeat(n)}`),
  'lines with parts': (n) => config(`{\n${times(n, (i) => `a${i}.image.repository=x/y\na${i}.image.tag=1\n`)}`),
  'environment files': (n) => config(times(n, (i) => `A${i}_IMAGE=x/y:1\n`)),
  'keys that are images': (n) => custom(entries(n, (i) => [`a${i}Image`, 'x'])),
  'keys that are images and versions': (n) =>
    custom(entries(n, (i) => [i % 2 ? `a${i >> 1}Tag` : `a${i >> 1}Image`, i % 2 ? 'v1' : 'x/y'])),
  'variables of one name': (n) => custom({ env: list(n, () => ({ name: 'AN_IMAGE', value: 'x/y' })) }),
  'variables of many names': (n) => custom({ env: list(n, (i) => ({ name: `A${i}_IMAGE`, value: 'x/y' })) }),
  'variables of variables': (n) =>
    custom({ engine: { env: list(n, (i) => ({ name: `A${i}`, value: `$(A${i - 1})$(A${i - 1})x/y:1.2` })) } }),
  'arguments of one name': (n) => custom({ args: list(n, () => '--an-image=x/y') }),
  'arguments of many names': (n) => custom({ args: list(n, (i) => `--a${i}-image=x/y`) }),
  'a long key': (n) => custom({ ['a'.repeat(n * 50)]: 'x/y:1', [`${'A'.repeat(n * 50)}Image`]: 'x/y:1' }),
  'a key of many words': (n) => custom({ [`${'aB'.repeat(n * 25)}Image`]: 'x/y' }),
  'other placeholders without end': (n) =>
    custom({
      image: '<a'.repeat(n * 20),
      images: '__A'.repeat(n * 15),
      anImage: '@a'.repeat(n * 20),
      toImage: '%a-'.repeat(n * 15),
    }),
  'placeholders in many parts': (n) =>
    custom(entries(n, (i) => [i % 2 ? `a${i >> 1}Tag` : `a${i >> 1}Image`, i % 2 ? '<v>' : '${R}/y'])),
  'documents of a template': (n) =>
    config(`image: {{ x\n${'---\napiVersion: x.example.io/v1\nkind: {{ a }}\n{% {{ if\n'.repeat(n)}`),
  'elements without end': (n) => config(`<a>\nimage ${'<image>x/y:1<'.repeat(n * 4)}`),
  'elements of XML': (n) => config(`<a>\n${'<name>x.image</name>\n<value>x/y:1</value>\n'.repeat(n)}`),
  'attributes without end': (n) => config(`<a${' image="x'.repeat(n * 6)}`),
  'words of a list without end': (n) => config(`IMAGES="${'a/b:1 '.repeat(n * 8)}\n{`),
  'an array without end': (n) => config(`IMAGES=(\n${'a/b:1\n'.repeat(n)}{`),
  'loops in a line': (n) => config(`{\n${'for a in b '.repeat(n * 5)} image`),
  'commands in a line': (n) => config(`{\n${'docker pull -q '.repeat(n * 4)} image`),
  'variables of a script': (n) =>
    config(`#!/bin/sh\n${times(n, (i) => `A${i}=$A${i - 1}$A${i - 1}\ndocker pull $A${i}/x:1\n`)}`),
  'branches of a script': (n) => config(`#!/bin/sh\n${times(n, (i) => `  A=x/y${i}\n  docker pull $A:1\n`)}`),
  'an open array of a script': (n) => config(`#!/bin/sh\nA=(\n${'x/y:1 $B\n'.repeat(n)}docker pull $A`),
  'open commands in a line': (n) => config(`{\n${'docker run -v $A $B/x '.repeat(n * 3)} image`),
  'open flags in a line': (n) => config(`{\n${'--image $A/x '.repeat(n * 4)} image`),
  'commands without end': (n) => config(`{\ndocker pull ${'$('.repeat(n * 20)} image`),
  'commands on one line': (n) => config(`{\n${'docker pull x/y:1 && A_IMAGE=x/y:1; '.repeat(n * 2)}`),
  'commands inside of commands': (n) => config(`{\n${'docker pull $(f(`a ('.repeat(n * 4)} image`),
  'braces of commands': (n) => config(`{\n${'kubectl patch -p \'{"image":"x/y:1",\' '.repeat(n * 2)} image`),
  'templates without end': (n) => config(`{\n${'image: {{ "x/y:1" {% (( [[ <% '.repeat(n * 3)}`),
  'values of helm': (n) => config(`{\nhelm install a b ${'--set a.image=x/y:1 '.repeat(n * 3)}`),
  'placeholders without end': (n) => custom({ image: '$('.repeat(n * 25), images: '${a'.repeat(n * 20) }),
  'placeholders that stay open': (n) => custom(list(n, (i) => ({ image: `\${X${i}}/y:1` }))),
  'bare words below a registry': (n) =>
    custom({ global: { hub: 'r.io/x', tag: '1' }, all: entries(n, (i) => [`a${i}`, { image: `proxy${i}` }]) }),
  'bare words beside many keys': (n) =>
    custom({ ...entries(n, (i) => [`k${i}`, 'v']), all: entries(n, (i) => [`a${i}`, { image: `p${i}` }]) }),
  'templates with annotations': (n) =>
    custom(list(n, () => ({ metadata: { annotations: { image: 'x/y:1' } }, spec: {} }))),
  'images that known fields claim': (n) =>
    JSON.stringify({
      apiVersion: 'operators.coreos.com/v1',
      kind: 'ClusterServiceVersion',
      spec: { relatedImages: list(n, (i) => ({ name: `n${i}`, image: `x/y:${i}` })) },
    }),
  'schema defaults': (n) =>
    JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      spec: {
        versions: [
          { schema: { openAPIV3Schema: { properties: entries(n, (i) => [`a${i}Image`, { default: `x/y:${i}` }]) } } },
        ],
      },
    }),
  'keys that stand twice': (n) => `${pod('a:1')}${'  containers:\n  - image: x/y:1\n    image: x/z:1\n'.repeat(n)}`,
  'containers in block style': (n) => `${pod('a:1')}${times(n, (i) => `  - name: c${i}\n    image: x/y:1\n`)}`,
  'a map in block style': (n) => `apiVersion: x/v1\nkind: Engine\nspec:\n${times(n, (i) => `  a${i}Image: x/y:1\n`)}`,
  'texts in block style': (n) =>
    `apiVersion: v1\nkind: ConfigMap\ndata:\n${times(n, (i) => `  a${i}.yaml: |\n    image: x/y:1\n`)}`,
  'a list in block style': (n) => `apiVersion: v1\nkind: List\nitems:\n${times(n, (i) => blockDeployment(i, '- '))}`,
  'a list in JSON': (n) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: list(n, deployment) }),
  documents: (n) => times(n, (i) => `---\n${JSON.stringify(deployment(i))}\n`),
  'JSON documents with blank lines between': (n) =>
    times(n, (i) => `${JSON.stringify(deployment(i))}\n${'\n'.repeat(20)}`),
  'broken documents': (n) => '---\nimage: x/y:1\n  a: [\n'.repeat(n),
  'one broken document': (n) => `a: {{\n${'image: x/y:1\n'.repeat(n)}`,
  aliases: (n) => `apiVersion: x/v1\nkind: E\na: &a {image: x/y:1}\nb: [${'*a,'.repeat(n)}]\n`,
  'an image of signs': (n) => pod('<'.repeat(n * 50)) + pod('{{'.repeat(n * 25)).replace(/^/, '---\n'),
  'an image of one letter': (n) => pod('a'.repeat(n * 50)),
  'an image of spaces': (n) => pod(`a${' '.repeat(n * 50)}b`),
  'an image of slashes, colons and dashes': (n) =>
    `${pod('a/'.repeat(n * 25))}---\n${pod('a:'.repeat(n * 25))}---\n${pod('a-'.repeat(n * 25))}`,
  'a version of letters and dashes': (n) => custom(list(n, (i) => ({ image: `x.io/y:1${'a'.repeat(100)}--${i}` }))),
  comments: (n) => `${pod('a:1')}${'#'.repeat(n * 25)}\n# image: ${'a'.repeat(n * 25)}\n${'# '.repeat(n * 25)}\n`,
}

const SIZES = [64, 128, 256] as const
/** What an input may cost beyond twice that of half its size: a constant, and caches that are fuller for the smaller. */
const CONSTANT = 30_000
const SHARE = 0.1

/** How far the work for each size is beyond twice the work for half of it, less what is allowed; above 0 is too much. */
async function excess(work: (size: number) => () => unknown): Promise<number> {
  // The first run fills caches and reads modules.
  for (const size of SIZES) await countWork(work(size))
  const counts: number[] = []
  for (const size of SIZES) counts.push(await countWork(work(size)))
  return Math.max(...counts.slice(1).map((count, index) => count * (1 - SHARE) - 2 * (counts[index] ?? 0) - CONSTANT))
}

test.for(Object.entries(INPUTS))('twice as much costs at most twice as much: %s', async ([, make]) => {
  const beyond = await excess((size) => {
    const text = make(size)
    return () => Array.from(readEveryDocument(text, 'f.yaml'), (document) => scanDocument(document, { comments: true }))
  })
  expect(beyond).toBeLessThan(0)
})

const PATCHED: Record<string, (size: number) => string> = {
  'a list in block style': (n) => `apiVersion: v1\nkind: List\nitems:\n${times(n, (i) => blockDeployment(i, '- '))}`,
  'a list in JSON': (n) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: list(n, deployment) }),
  documents: (n) => times(n, (i) => `---\n${JSON.stringify(deployment(i))}\n`),
  'a list in block style of forms that cannot be edited': (n) =>
    `apiVersion: v1\nkind: List\nitems:\n${times(n, (i) => blockDeployment(i, '- ').replace('containers:', '? containers\n        :'))}`,
  'a list whose templates share one spec': (n) =>
    `apiVersion: v1\nkind: List\nx: &s {containers: [{name: c, image: x/y:1}]}\nitems:\n${times(n, (i) => `- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: d${i}}\n  spec: {template: {spec: *s}}\n`)}`,
  'selectors that are aliases': (n) =>
    `apiVersion: v1\nkind: List\nx: &s {disk: ssd}\nitems:\n${times(n, (i) => blockDeployment(i, '- ').replace('containers:', 'nodeSelector: *s\n        containers:'))}`,
  'containers of one pod': (n) => `${pod('a:1')}${times(n, (i) => `  - name: c${i}\n    image: x/y:1\n`)}`,
  'old labels of one selector': (n) =>
    pod('a:1').replace(
      'containers',
      `nodeSelector:\n${times(n, (i) => `    shop.nodeseed.dev/${String(i).padStart(16, '0')}: seeded\n`)}  containers`,
    ),
  'templates of one workflow': (n) =>
    JSON.stringify({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Workflow',
      metadata: { name: 'w' },
      spec: { templates: list(n, (i) => ({ name: `t${i}`, container: { image: 'x/y:1' } })) },
    }),
  'templates of one custom resource': (n) =>
    custom(list(n, () => ({ template: { spec: { containers: [{ name: 'c', image: 'x/y:1' }] } } }))),
}

test.for(Object.entries(PATCHED))('twice as much costs at most twice as much to patch: %s', async ([, make]) => {
  const editsOf = (place: PodPlace) =>
    podEdits(place, { policy: 'Never', nodeSelector: { 'shop.nodeseed.dev/ffffffffffffffff': 'seeded' } })
  const beyond = await excess((size) => {
    const text = make(size)
    return () => {
      for (const document of readEveryDocument(text, 'f.yaml')) {
        if (document.form === 'manifest') patchDocument(document, scanDocument(document), editsOf)
      }
    }
  })
  expect(beyond).toBeLessThan(0)
})
