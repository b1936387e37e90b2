import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** An object as the API keeps it. */
export interface ApiObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; [field: string]: unknown }
  [field: string]: unknown
}

interface ResourceType {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

const TYPES: Readonly<Record<string, readonly ResourceType[]>> = {
  v1: [
    { name: 'namespaces', kind: 'Namespace', namespaced: false },
    { name: 'nodes', kind: 'Node', namespaced: false },
    { name: 'pods', kind: 'Pod', namespaced: true },
    { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
    { name: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true },
    { name: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
  ],
  'apps/v1': [
    { name: 'daemonsets', kind: 'DaemonSet', namespaced: true },
    { name: 'deployments', kind: 'Deployment', namespaced: true },
    { name: 'replicasets', kind: 'ReplicaSet', namespaced: true },
    { name: 'statefulsets', kind: 'StatefulSet', namespaced: true },
  ],
  'batch/v1': [
    { name: 'cronjobs', kind: 'CronJob', namespaced: true },
    { name: 'jobs', kind: 'Job', namespaced: true },
  ],
  'node.k8s.io/v1': [{ name: 'runtimeclasses', kind: 'RuntimeClass', namespaced: false }],
  'scheduling.k8s.io/v1': [{ name: 'priorityclasses', kind: 'PriorityClass', namespaced: false }],
}

/**
 * As much of a Kubernetes API server as kubectl needs to list, apply, label and wait. What a cluster's controllers would
 * do to a DaemonSet is done at once: one ready pod on each node.
 */
export class ApiServer {
  readonly address: string
  readonly #objects = new Map<string, ApiObject>()

  private constructor(address: string) {
    this.address = address
  }

  /** Starts on a free loopback port, and stops when the test ends. */
  static async start(nodes: readonly ApiObject[]): Promise<ApiServer> {
    const server = createServer((request, response) => {
      api.#answer(request, response).catch((error) => reply(response, 500, status(500, String(error))))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const api = new ApiServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    for (const node of nodes) api.#objects.set(`/api/v1/nodes/${node.metadata.name}`, node)
    return api
  }

  /** A kubeconfig that leads here. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      clusters: [{ name: 'test', cluster: { server: this.address } }],
      users: [{ name: 'test', user: {} }],
    })
  }

  /** Every object of a kind. */
  list(kind: string): ApiObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.address)
    const discovery = discover(pathname)
    if (discovery) return reply(response, 200, discovery)
    const target = parsePath(pathname)
    if (!target) return reply(response, 404, status(404, `the server could not find ${pathname}`))
    if (request.method === 'POST')
      return reply(response, 201, this.#create(pathname, (await json(request)) as ApiObject))
    const isCollection = pathname.endsWith(`/${target.type.name}`)
    if (isCollection) {
      const items = this.#select(pathname, target.type.kind, searchParams)
      const [kind, { apiVersion }] = [`${target.type.kind}List`, target]
      if (searchParams.get('watch')) return this.#watch(response, items)
      return reply(response, 200, { kind, apiVersion, metadata: { resourceVersion: '1' }, items })
    }
    const object = this.#objects.get(pathname)
    if (!object) return reply(response, 404, status(404, `${target.type.name} not found`))
    if (request.method === 'PATCH') {
      merge(object, (await json(request)) as Record<string, unknown>)
      if (object.kind === 'DaemonSet') this.#runDaemonSet(object)
    }
    return reply(response, 200, object)
  }

  #create(collection: string, object: ApiObject): ApiObject {
    object.metadata.uid ??= `uid-${object.metadata.name}`
    object.metadata.generation = 1
    this.#objects.set(`${collection}/${object.metadata.name}`, object)
    if (object.kind === 'DaemonSet') this.#runDaemonSet(object)
    return object
  }

  #runDaemonSet(daemonSet: ApiObject): void {
    const { namespace = 'default', name } = daemonSet.metadata
    const { template } = daemonSet.spec as { template: ApiObject }
    const wanted = selectorOf(template)
    const nodes = this.list('Node').filter((node) => wanted(node))
    for (const node of nodes) {
      const pod: ApiObject = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `${name}-${node.metadata.name}`, namespace, labels: template.metadata.labels ?? {} },
        spec: { ...(template.spec as object), nodeName: node.metadata.name },
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
      }
      this.#objects.set(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`, pod)
    }
    const count = nodes.length
    daemonSet.status = {
      observedGeneration: 1,
      desiredNumberScheduled: count,
      currentNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      numberReady: count,
    }
  }

  #select(pathname: string, kind: string, parameters: URLSearchParams): ApiObject[] {
    const labels = (parameters.get('labelSelector') ?? '').split(',').filter(Boolean)
    const allNamespaces = pathname.includes('/namespaces/') ? '' : /\/namespaces\/[^/]+(?=\/)/
    const name = /metadata\.name=([^,]+)/.exec(parameters.get('fieldSelector') ?? '')?.[1]
    return [...this.#objects.entries()]
      .filter(([path, object]) => object.kind === kind && path.replace(allNamespaces, '').startsWith(`${pathname}/`))
      .map(([, object]) => object)
      .filter(({ metadata }) => !name || metadata.name === name)
      .filter(({ metadata }) => labels.every((label) => has(metadata.labels, label)))
  }

  #watch(response: ServerResponse, items: readonly ApiObject[]): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    for (const object of items) response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`)
    setTimeout(() => response.end(), 1000)
  }
}

function has(labels: Record<string, string> = {}, selector: string): boolean {
  const [key = '', value] = selector.split('=')
  return value === undefined ? key in labels : labels[key] === value
}

/** Node affinity by name or label, as far as seeding resources use it. */
function selectorOf(template: ApiObject): (node: ApiObject) => boolean {
  const text = JSON.stringify(template.spec)
  const names = /"key":"(?:metadata\.name|kubernetes\.io\/hostname)","operator":"In","values":(\[[^\]]*\])/.exec(
    text,
  )?.[1]
  const wanted = names ? (JSON.parse(names) as string[]) : undefined
  return (node) => !wanted || wanted.includes(node.metadata.name)
}

function parsePath(pathname: string): { apiVersion: string; type: ResourceType } | undefined {
  const [, apiVersion = '', rest = ''] = /^\/(?:api|apis)\/(v1|[^/]+\/v1)\/(.*)$/.exec(pathname) ?? []
  const words = rest.split('/')
  const resource = words[0] === 'namespaces' && words.length > 2 ? words[2] : words[0]
  const type = TYPES[apiVersion]?.find(({ name }) => name === resource)
  return type && { apiVersion, type }
}

function discover(pathname: string): object | undefined {
  const groups = Object.keys(TYPES).filter((version) => version.includes('/'))
  if (pathname === '/version') return { major: '1', minor: '33', gitVersion: 'v1.33.2' }
  if (pathname === '/api') return { kind: 'APIVersions', versions: ['v1'] }
  if (pathname === '/apis') {
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((groupVersion) => {
        const [name, version] = groupVersion.split('/')
        return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } }
      }),
    }
  }
  if (pathname.startsWith('/openapi/v3')) return describe(pathname)
  const types = TYPES[pathname.replace(/^\/apis?\//, '')]
  if (!types) return undefined
  const verbs = ['create', 'get', 'list', 'patch', 'watch']
  return {
    kind: 'APIResourceList',
    groupVersion: pathname.replace(/^\/apis?\//, ''),
    resources: types.map((type) => ({ ...type, singularName: type.kind.toLowerCase(), verbs })),
  }
}

/** The schema, as far as kubectl asks it whether the server checks fields by itself. */
function describe(pathname: string): object | undefined {
  const prefixed = Object.keys(TYPES).map((version) => (version.includes('/') ? `apis/${version}` : `api/${version}`))
  if (pathname === '/openapi/v3') {
    return { paths: Object.fromEntries(prefixed.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) }
  }
  const apiVersion = pathname.replace(/^\/openapi\/v3\/apis?\//, '')
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const paths = (TYPES[apiVersion] ?? []).map(({ name, kind }) => {
    const parameters = [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }]
    const patch = { parameters, responses: {}, 'x-kubernetes-group-version-kind': { group, version, kind } }
    return [`/${apiVersion}/${name}/{name}`, { patch }]
  })
  return { openapi: '3.0.0', info: { title: 'test', version: '1' }, paths: Object.fromEntries(paths) }
}

function merge(target: Record<string, unknown>, patch: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(patch)) {
    const present = target[key]
    if (value === null) delete target[key]
    else if (isMap(value) && isMap(present)) merge(present, value)
    else target[key] = value
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function status(code: number, message: string): object {
  const reason = code === 404 ? 'NotFound' : 'InternalError'
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }
}

function reply(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
