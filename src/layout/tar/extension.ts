/** What the extended headers before an entry say of it, in place of its own header. */
export interface Extension {
  readonly name?: string
  readonly target?: string
  readonly isSparse?: boolean
  readonly size?: number
}

/** Records of the form `<length> <key>=<value>\n`; only paths and the size matter here. Source: POSIX, pax. */
export function parsePax(content: Buffer): Extension {
  const records = new Map<string, string>()
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at)
    const length = blank < 0 ? Number.NaN : Number(content.toString('latin1', at, blank))
    if (!(length > 0)) break
    const [key = '', ...value] = content.toString('utf8', blank + 1, at + length - 1).split('=')
    records.set(key, value.join('='))
    at += length
  }
  const name = records.get('path')
  const target = records.get('linkpath')
  const isSparse = [...records.keys()].some((key) => key.startsWith('GNU.sparse.'))
  const size = Number(records.get('size') ?? Number.NaN)
  return {
    ...(name !== undefined && { name }),
    ...(target !== undefined && { target }),
    ...(isSparse && { isSparse }),
    ...(Number.isSafeInteger(size) && size >= 0 && { size }),
  }
}
