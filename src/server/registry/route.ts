import { type Reply, refusal } from './reply.ts'

/** What a URL asks for. `name` is as the client wrote it, without the registry that it may have meant. */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest' | 'blob' | 'referrers'; readonly name: string; readonly reference: string }

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
// The first component may be a registry with a port, when the client names the upstream in the path.
const NAME = new RegExp(`^${COMPONENT}(?::[0-9]{1,5})?(?:/${COMPONENT})*$`)
const MAX_NAME_LENGTH = 512

/** Reads the path of a URL. Source: distribution-spec 1.1, "Endpoints". */
export function parseRoute(pathname: string): Route | Reply {
  const path = decodePath(pathname)
  if (path === undefined) return refusal('NAME_INVALID', 'the path is not valid percent-encoded UTF-8')
  if (path === '/v2' || path === '/v2/') return { kind: 'base' }
  if (path === '/v2/_catalog') return { kind: 'catalog' }
  const [, name = '', verb, reference = ''] =
    /^\/v2\/(.+)\/(?:(manifests|blobs|referrers)\/([^/]+)|tags\/list)$/.exec(path) ?? []
  if (!name) return refusal('UNSUPPORTED', 'no such endpoint', { status: 404 })
  if (name.length > MAX_NAME_LENGTH || !NAME.test(name)) return refusal('NAME_INVALID', 'not a repository name')
  if (verb === 'manifests') return { kind: 'manifest', name, reference }
  if (verb === 'blobs') return { kind: 'blob', name, reference }
  return verb ? { kind: 'referrers', name, reference } : { kind: 'tags', name }
}

function decodePath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return undefined
  }
}
