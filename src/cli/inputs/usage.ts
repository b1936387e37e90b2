import type { FieldRule } from '../../discovery/rules/field-rule.ts'
import { type Finding, finding } from '../../finding.ts'
import { listNames } from '../../plural.ts'

/** What a command line says of names and fields, and which of it something in the inputs had a use for. */
export class Usage {
  readonly vars: ReadonlyMap<string, string>
  readonly #files: ReadonlyMap<string, ReadonlySet<string>>
  readonly #given: readonly string[]
  readonly #rules: readonly FieldRule[]
  readonly #askedVars = new Set<string>()
  readonly #metRules = new Set<FieldRule>()

  /** `files` are the names that each env file has, `given` those of the command line. */
  constructor(
    vars: ReadonlyMap<string, string>,
    {
      files,
      given,
      rules,
    }: { files: ReadonlyMap<string, ReadonlySet<string>>; given: readonly string[]; rules: readonly FieldRule[] },
  ) {
    this.vars = new AskedMap(vars, this.#askedVars)
    this.#files = files
    this.#given = given
    this.#rules = rules
  }

  readonly noteRule = (rule: FieldRule): void => {
    this.#metRules.add(rule)
  }

  /** What nothing had a use for, once all inputs are read. */
  findings(): Finding[] {
    const isIdle = (name: string) => !this.#askedVars.has(name)
    const vars = [...new Set(this.#given)].filter(isIdle).map((name) => {
      return finding('WITHOUT_EFFECT', `--var ${name}: no image of the inputs waits for it`, { subject: name })
    })
    const files = Array.from(this.#files, ([file, names]): Finding[] => {
      // Such files serve others too: only one that says nothing of use is no use.
      if (names.size === 0 || ![...names].every(isIdle)) return []
      const message = `${file}: no image of the inputs waits for ${listNames([...names])}`
      return [finding('WITHOUT_EFFECT', message, { severity: 'info', file })]
    })
    const rules = this.#rules
      .filter((rule) => !this.#metRules.has(rule))
      .map(({ group, kind, path }) => {
        const what = `${group === undefined ? '' : `${group} `}${kind} ${path}`
        return finding('WITHOUT_EFFECT', `--rules: nothing in the inputs has a field for the rule ${what}`, {
          subject: what,
        })
      })
    return [...vars, ...files.flat(), ...rules]
  }
}

/** A scan with what the command line says in vain; to be told once all is read, what charts hold too. */
export function withUnused<T extends { readonly findings: readonly Finding[] }>(
  scan: T,
  { usage }: { readonly usage?: Usage },
): T {
  return usage ? { ...scan, findings: [...scan.findings, ...usage.findings()] } : scan
}

/** A map that notes of which of its names the value was asked for. */
class AskedMap extends Map<string, string> {
  readonly #asked: Set<string>

  constructor(values: ReadonlyMap<string, string>, asked: Set<string>) {
    super(values)
    this.#asked = asked
  }

  override get(name: string): string | undefined {
    const value = super.get(name)
    if (value !== undefined) this.#asked.add(name)
    return value
  }
}
