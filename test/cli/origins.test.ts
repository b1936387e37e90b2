import { expect, test } from 'vitest'
import { Origins } from '../../src/cli/inputs/parts/origins.ts'
import { scanDocument } from '../../src/discovery/scan.ts'
import { finding } from '../../src/finding.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { lineOfResource } from '../../src/kubernetes/objects/resource.ts'

const POD =
  'apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {}\n  name: p\nspec: {containers: [{name: c, image: "a:1"}]}\n'

test('what is said of a rendered resource is told at the template that it was made of', () => {
  const origins = new Origins()
  const origin = { file: 'chart/templates/pod.yaml', lineOf: (reference: string | undefined) => (reference ? 9 : 3) }
  for (const document of readAllDocuments(POD, 'chart')) {
    const scan = scanDocument(document)
    origins.note({ ...document, origin }, scan)
    const [resource] = scan.resources
    const line = resource && lineOfResource(resource)
    expect(line).toBe(5)
    const said = finding('WORKLOAD_UNKNOWN', 'x', { file: 'chart', ...(line !== undefined && { line }) })
    expect(origins.told([said])).toMatchObject([{ file: 'chart/templates/pod.yaml', line: 3 }])
    expect(origins.told(scan.uses)).toMatchObject([{ file: 'chart/templates/pod.yaml', line: 9 }])
  }
})
