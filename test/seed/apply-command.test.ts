import { expect, test } from 'vitest'
import { applyCommand } from '../../src/seed/files/apply-command.ts'

// kubectl refuses the ConfigMap otherwise: metadata.annotations: Too long: may not be more than 262144 bytes.
test.for<[what: string, content: string, command: string]>([
  ['a short file', 'a\n'.repeat(1000), 'kubectl apply -k'],
  ['a long file', 'a'.repeat(260_000), 'kubectl apply --server-side -k'],
  ['a file of many lines, whose ends take two bytes each', 'a\n'.repeat(90_000), 'kubectl apply --server-side -k'],
])('%s', ([, content, command]) => {
  expect(applyCommand([{ path: 'a.yaml', content }])).toBe(command)
})
