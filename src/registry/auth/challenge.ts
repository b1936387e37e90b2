/** One way to authenticate that a server offers. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const SCHEME = new RegExp(`^[\\s,]*(${TOKEN})(?:\\s+(?!=)|\\s*(?=,|$))`)
/** What some schemes have in place of parameters. */
const TOKEN68 = /^\s*[A-Za-z0-9._~+/-]+=*\s*(?:,|$)/
/** Up to the next comma that stands in no quotes. */
const UNREADABLE = /^(?:"(?:[^"\\]|\\.)*"|[^",])*(?:,|$)/
/** Some write addresses without quotes. */
const PARAMETER = new RegExp(`^\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s",=][^\\s",]*))\\s*(?:,|$)`)

/**
 * Reads `WWW-Authenticate`, which may hold several challenges: `Negotiate, Bearer realm="…",scope="a,b", Basic realm="…"`.
 * What cannot be read is passed over. Source: RFC 9110, 11.6.1.
 */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const challenges: Challenge[] = []
  for (let rest of typeof header === 'string' ? [header] : (header ?? [])) {
    while (rest.trim() !== '') {
      const scheme = SCHEME.exec(rest)
      rest = rest.slice((scheme ?? UNREADABLE.exec(rest))?.[0].length || rest.length)
      if (!scheme) continue
      const parameters = new Map<string, string>()
      for (let match = PARAMETER.exec(rest); match; match = PARAMETER.exec(rest)) {
        const [all, name = '', quoted, plain = ''] = match
        parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain)
        rest = rest.slice(all.length)
      }
      challenges.push({ scheme: scheme[1]?.toLowerCase() ?? '', parameters })
      if (parameters.size === 0) rest = rest.slice(TOKEN68.exec(rest)?.[0].length ?? 0)
    }
  }
  return challenges
}
