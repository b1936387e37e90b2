import { ExpectedError } from '../errors.ts'
import { findJson } from '../kubernetes/documents/json.ts'
import { valueAt } from '../kubernetes/documents/path.ts'
import { isObject } from '../kubernetes/objects/resource.ts'
import type { ApiAnswer } from './api-proxy.ts'

/** Whatever answers to GETs as an API server does. */
export interface Api {
  get(path: string): Promise<ApiAnswer>
}

const PAGE_SIZE = 500

/** How often a list is begun again whose pages have expired. */
const MAX_RESTARTS = 3

/**
 * Every object under a path, page by page. A cluster that changes while it is read may answer 410 Gone to a later page:
 * then the list begins again.
 *
 * @throws {ExpectedError} UNAUTHORIZED, DENIED, CLUSTER_ERROR, CLUSTER_UNREACHABLE
 */
export async function listAll(api: Api, path: string): Promise<Record<string, unknown>[]> {
  for (let restart = 0; ; restart++) {
    const items = await listPages(api, path)
    if (items) return items
    if (restart < MAX_RESTARTS) continue
    throw new ExpectedError('CLUSTER_ERROR', `GET ${path}: the list expired ${restart + 1} times while it was read`, {
      hint: 'Try again when the cluster is less busy.',
    })
  }
}

/** The same, of an API that the cluster may not have: undefined where it has none. @throws as {@link listAll} */
export async function listWhereServed(api: Api, path: string): Promise<Record<string, unknown>[] | undefined> {
  const { status } = await api.get(`${path}?limit=1`)
  return status === 404 ? undefined : listAll(api, path)
}

async function listPages(api: Api, path: string): Promise<Record<string, unknown>[] | undefined> {
  const items: Record<string, unknown>[] = []
  let next = ''
  do {
    const query = `limit=${PAGE_SIZE}${next && `&continue=${encodeURIComponent(next)}`}`
    const answer = await api.get(`${path}?${query}`)
    if (answer.status === 410) return undefined
    const list = readAnswer(path, answer)
    const { apiVersion, kind } = list
    const itemKind = typeof kind === 'string' ? kind.replace(/List$/, '') : undefined
    const page = Array.isArray(list.items) ? list.items.filter(isObject) : []
    for (const item of page) items.push({ apiVersion, kind: itemKind, ...item })
    const more = valueAt(list, ['metadata', 'continue'])
    next = typeof more === 'string' ? more : ''
  } while (next)
  return items
}

/**
 * The object in an answer of the API.
 *
 * @throws {ExpectedError} UNAUTHORIZED, DENIED, CLUSTER_ERROR, each with the words of the API server.
 */
export function readAnswer(path: string, { status, body }: ApiAnswer): Record<string, unknown> {
  const value = findJson(body)
  if (status === 200 && isObject(value)) return value
  const words = isObject(value) && typeof value.message === 'string' ? value.message : body.trim().slice(0, 300)
  const message = `GET ${path}: ${status} ${words}`
  if (status === 401) {
    const hint = 'The credentials of this context are not accepted. Log in again, then try: kubectl get nodes'
    throw new ExpectedError('UNAUTHORIZED', message, { hint })
  }
  if (status === 403) {
    const hint =
      'An admin can allow it: kubectl apply -f examples/audit/read-only.yaml. Or audit files: --nodes nodes.json.'
    throw new ExpectedError('DENIED', message, { hint })
  }
  // What is no object of the API comes from kubectl's proxy, which could not reach it.
  if (status > 500 || (status === 500 && !isObject(value))) {
    const hint = 'Is the API server up, and is this the right --context? See whether kubectl get nodes answers.'
    throw new ExpectedError('CLUSTER_UNREACHABLE', message, { hint })
  }
  throw new ExpectedError('CLUSTER_ERROR', message, { hint: 'See whether kubectl get nodes answers.' })
}
