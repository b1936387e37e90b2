import { expect, test } from 'vitest'
import { addDocument, emptyScan, type GrowingScan } from '../../src/cli/inputs/parts/growing-scan.ts'
import { joinPart, type ManifestText, scanPart } from '../../src/cli/inputs/parts/part-scan.ts'
import { Recognition } from '../../src/cli/inputs/parts/recognition.ts'
import { scansAhead } from '../../src/cli/inputs/parts/scans-ahead.ts'
import type { DefinitionTrees } from '../../src/discovery/defaults/definitions.ts'
import { countLines, readEveryDocument } from '../../src/kubernetes/documents/document.ts'
import { fc, runs } from '../support/property.ts'

const OPTIONS = { comments: false, minConfidence: 'likely' } as const

const definition = (image: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: engines.shop.example}
spec:
  group: shop.example
  names: {kind: Engine}
  versions:
  - name: v1
    storage: true
    schema: {openAPIV3Schema: {properties: {spec: {properties: {image: {default: "${image}"}}}}}}
`

/** One of each kind of which something is kept until the end, so that what comes first matters. */
const DOCUMENTS = [
  definition('registry.example.com/engine:1'),
  definition('registry.example.com/engine:2'),
  'apiVersion: shop.example/v1\nkind: Engine\nmetadata: {name: e}\nspec: {size: 3}\n',
  'apiVersion: shop.example/v1\nkind: Engine\nmetadata: {name: f}\nspec: {image: shop/own}\n',
  'apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web}]}\nspec: {containers: [{name: c, image: shop/web}]}\n',
  'apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\nspec: {replicas: 0, template: {spec: {containers: [{name: c, image: "shop/web:1"}]}}}\n',
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: images}\ndata: {WEB_IMAGE: "shop/from-config:1", values.yaml: "image: {tag: 2}"}\n',
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lists}\ndata: {images.txt: "docker.io/shop/a:1\\ndocker.io/shop/b:1\\n", queue-sidecar-image: shop/queue}\n',
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: "$(WEB_IMAGE)", env: [{name: WEB_IMAGE, valueFrom: {configMapKeyRef: {name: images, key: WEB_IMAGE}}}]}]}}}\n',
  'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r}\nspec: {chart: {spec: {chart: web, sourceRef: {kind: HelmRepository, name: h}}}, values: {image: {repository: shop/released}}, valuesFrom: [{kind: ConfigMap, name: images}]}\n',
  'apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: s}\nspec: {tags: [{name: "1", from: {kind: DockerImage, name: "shop/stream:1"}}]}\n',
  'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: k}\nspec: {template: {spec: {containers: [{image: "shop/knative:1"}]}}}\n',
  'kind: Pod\nspec: {containers: [\n',
  '# nothing\n',
  'a: 1\n',
]

test('parts that are scanned by themselves give what all gives in one go', () => {
  const part = fc.record({
    documents: fc.array(fc.constantFrom(...DOCUMENTS), { minLength: 1, maxLength: 4 }),
    // Before how many of the parts that come first it was scanned.
    ahead: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (told) => {
      const parts: (ManifestText & { ahead: number })[] = []
      let line = 1
      for (const { documents, ahead } of told) {
        const text = documents.map((document) => `---\n${document}`).join('')
        parts.push({ text, file: 'all.yaml', line, ahead })
        line += countLines(text)
      }
      const inOneGo = emptyScan()
      const seen = new Recognition()
      for (const each of parts) scanHere(inOneGo, seen, each)

      const joined = emptyScan()
      const recognition = new Recognition()
      const knownAt: DefinitionTrees[] = []
      for (const [index, each] of parts.entries()) {
        knownAt.push(joined.definitions.known)
        const known = knownAt[Math.max(index - each.ahead, 0)] as DefinitionTrees
        const scan = structuredClone(scanPart(each, OPTIONS, structuredClone(known)))
        if (!joinPart(joined, recognition, scan, known)) scanHere(joined, recognition, each)
      }

      expect(notedBy(joined, recognition)).toEqual(notedBy(inOneGo, seen))
      // What a settled omission takes away are the very findings of the list.
      for (const { finding } of joined.settlings.noted.open) expect(joined.findings).toContain(finding)
    }),
    { numRuns: runs(60) },
  )
})

function scanHere(scan: GrowingScan, recognition: Recognition, { text, file, line }: ManifestText): void {
  for (const document of readEveryDocument(text, file, line)) {
    recognition.follow(document, addDocument(scan, document, OPTIONS))
  }
}

function notedBy(scan: GrowingScan, recognition: Recognition): object {
  const { uses, findings, dropped, definitions, ownership, envSources, layeredValues, settlings } = scan
  return {
    ...{ uses, findings, dropped: [...dropped], recognised: recognition.noted, ownership: ownership.noted },
    ...{ definitions: definitions.noted, late: definitions.late(), envSources: envSources.noted },
    ...{ layeredValues: layeredValues.noted, settlings: settlings.noted },
  }
}

test('large parts are scanned in a thread, and come in their order', async () => {
  const filler = `---\napiVersion: v1\nkind: Service\n${'# x\n'.repeat(200_000)}`
  const parts = Array.from({ length: 6 }, (_, index) => ({
    text: `---\n${DOCUMENTS[5]?.replace('shop/web:1', `shop/web:${index}`)}${filler}`,
    file: `${index}.yaml`,
    line: 1,
    *[Symbol.iterator]() {
      yield* readEveryDocument(this.text, this.file, this.line)
    },
  }))
  async function* reading() {
    yield* parts
  }
  const files: string[] = []
  let inThreads = 0
  const knownNow = () => new Map()
  for await (const { documents, ahead } of scansAhead(reading(), (read) => read as (typeof parts)[number], {
    ...OPTIONS,
    knownNow,
  })) {
    const [first] = documents
    files.push(first?.file ?? '')
    if (!ahead) continue
    inThreads++
    expect(ahead.scan.uses.map(({ file, reference }) => `${file} ${reference}`)).toEqual([
      `${first?.file} shop/web:${files.length - 1}`,
    ])
  }
  expect(files).toEqual(parts.map(({ file }) => file))
  expect(inThreads).toBeGreaterThan(0)
})
