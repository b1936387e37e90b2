/** Query parameters that say what is asked for. Others may be signatures, tokens, states: their values are not shown. */
const SHOWN = new Set(['scope', 'service', 'ns', 'n', 'last', 'digest', 'mount', 'from', 'artifactType', 'limit'])

/** The address of a request for people: without user, without the values of parameters that may be secrets. */
export function shownUrl({ origin, path }: { readonly origin: string | URL; readonly path: string }): string {
  const base = String(origin)
  if (!URL.canParse(path, base)) return withoutUser(base)
  const { origin: host, pathname, searchParams } = new URL(path, base)
  const query = [...searchParams].map(([name, value]) => `${name}=${SHOWN.has(name) ? value : '…'}`)
  return `${host}${pathname}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

function withoutUser(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : 'an address that is none'
}
