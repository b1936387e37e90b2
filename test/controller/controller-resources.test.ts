import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { controllerResources } from '../../src/seed/output/controller-resources.ts'

function objects(replicas: number): Record<string, { readonly spec: Record<string, never> }> {
  const files = controllerResources({
    ...{ namespace: 'nodeseed', replicas, claim: undefined, architecture: 'amd64' },
    ...{ sandboxImage: 'registry.k8s.io/pause:3.9', bundlePath: '/var/lib/nodeseed/shop.tar' },
  })
  const text = files.find(({ path }) => path === 'controller.yaml')?.content ?? ''
  return Object.fromEntries(parseAllDocuments(text).map((one) => [one.toJS().kind, one.toJS()]))
}

test('two replicas of one port of the host: a drain and a new version take one at a time, and new nodes may run them', () => {
  const { Deployment, PodDisruptionBudget, Service } = objects(2)
  expect(Deployment?.spec).toMatchObject({
    replicas: 2,
    strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    template: {
      spec: {
        hostNetwork: true,
        tolerations: expect.arrayContaining([{ key: 'nodeseed.dev/not-seeded', operator: 'Exists' }]),
      },
    },
  })
  const selector = { 'app.kubernetes.io/name': 'nodeseed-controller' }
  expect(PodDisruptionBudget?.spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: selector } })
  expect(Service?.spec).toMatchObject({ clusterIP: 'None', selector, ports: [{ name: 'metrics', port: 8081 }] })
})

test('a budget for one replica would keep nothing', () => {
  expect(objects(1)).not.toHaveProperty('PodDisruptionBudget')
})
