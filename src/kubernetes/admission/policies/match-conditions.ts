import type { Labels, PendingLabels } from '../../pods/label-selector.ts'
import { type CelToken, tokensOf } from './cel-tokens.ts'

/** What a condition may ask about that is known before a cluster is asked. */
interface Asked {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly resource: string
  readonly name: string | undefined
  readonly namespace: string
  readonly namespaceLabels: Labels | undefined
  readonly labels: Labels | undefined
  readonly pending?: PendingLabels | undefined
}

/** A value of the expression language; undefined where it is not known. Of a map, the value of a key: null for none. */
type Value = boolean | string | readonly Value[] | ((key: string) => string | null | undefined) | undefined

/** A condition longer than this, or deeper, is not looked into. */
const MAX_LENGTH = 4096
const MAX_DEPTH = 32

/** What compares or counts, and is not evaluated. */
const OTHERS = ['<', '>', '<=', '>=', '+', '-', '*', '/', '%']

/**
 * Whether a condition in CEL holds: of texts, lists, `==`, `!=`, `in`, `!`, `&&`, `||` and what is known of names,
 * namespaces, kinds and labels; undefined where it asks for more. Source: kubernetes.io/docs/reference/using-api/cel.
 */
export function matchCondition(expression: unknown): (asked: Asked) => boolean | undefined {
  if (typeof expression !== 'string' || expression.length > MAX_LENGTH) return () => undefined
  const tokens = tokensOf(expression)
  if (!tokens) return () => undefined
  return (asked) => {
    const value = new Evaluation(tokens, asked).result()
    return typeof value === 'boolean' ? value : undefined
  }
}

/** One walk over the tokens of a condition. What is not understood is thrown, and makes all of it unknown. */
class Evaluation {
  readonly #tokens: readonly CelToken[]
  readonly #asked: Asked
  #at = 0
  #depth = 0

  constructor(tokens: readonly CelToken[], asked: Asked) {
    this.#tokens = tokens
    this.#asked = asked
  }

  result(): Value {
    try {
      const value = this.#or()
      return this.#at === this.#tokens.length ? value : undefined
    } catch (error) {
      if (error instanceof NotUnderstood) return undefined
      throw error
    }
  }

  #next(): CelToken {
    const token = this.#tokens[this.#at++]
    if (!token) throw new NotUnderstood()
    return token
  }

  #isNext(sign: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind !== 'text' && token?.is === sign
  }

  #takes(sign: string): boolean {
    const isNext = this.#isNext(sign)
    if (isNext) this.#at += 1
    return isNext
  }

  #must(sign: string): void {
    if (!this.#takes(sign)) throw new NotUnderstood()
  }

  #or(): Value {
    if (++this.#depth > MAX_DEPTH) throw new NotUnderstood()
    let value = this.#and()
    while (this.#takes('||')) {
      const other = this.#and()
      value = value === true || other === true ? true : value === false && other === false ? false : undefined
    }
    this.#depth -= 1
    return value
  }

  #and(): Value {
    let value = this.#not()
    while (this.#takes('&&')) {
      const other = this.#not()
      value = value === false || other === false ? false : value === true && other === true ? true : undefined
    }
    return value
  }

  #not(): Value {
    let isTurned = false
    while (this.#takes('!')) isTurned = !isTurned
    const value = this.#relation(isTurned)
    return isTurned ? (typeof value === 'boolean' ? !value : undefined) : value
  }

  /** `!` binds more closely than a relation does. */
  #relation(isTurned: boolean): Value {
    const value = this.#operand()
    if (isTurned) return value
    if (this.#takes('==')) return isEqual(value, this.#operand())
    if (this.#takes('!=')) {
      const answer = isEqual(value, this.#operand())
      return answer === undefined ? undefined : !answer
    }
    if (this.#takes('in')) return isIn(value, this.#operand())
    let isOther = false
    while (OTHERS.some((sign) => this.#takes(sign))) {
      this.#operand()
      isOther = true
    }
    return isOther ? undefined : value
  }

  #operand(): Value {
    const token = this.#next()
    if (token.kind === 'text') return this.#postfix(token.is)
    if (token.is === '(') {
      const value = this.#or()
      this.#must(')')
      return this.#postfix(value)
    }
    if (token.is === '[') return this.#list(']')
    if (token.is === 'true' || token.is === 'false') return token.is === 'true'
    if (token.kind !== 'word') throw new NotUnderstood()
    if (!this.#isNext('(')) return this.#postfix(fieldOf(token.is, this.#asked), token.is)
    this.#arguments()
    return this.#postfix(undefined)
  }

  /** Fields, keys and calls behind a value; `path` where it is one of the fields that are known. */
  #postfix(start: Value, at?: string): Value {
    let value = start
    let path = at
    for (;;) {
      if (this.#takes('[')) {
        const key = this.#or()
        this.#must(']')
        const found = typeof value === 'function' && typeof key === 'string' ? value(key) : undefined
        value = found ?? undefined
        path = undefined
      } else if (this.#takes('.')) {
        const { kind, is } = this.#next()
        if (kind !== 'word') throw new NotUnderstood()
        const isCall = this.#isNext('(')
        path = isCall || path === undefined ? undefined : `${path}.${is}`
        if (isCall) value = called(is, value, this.#arguments())
        else value = path === undefined ? undefined : fieldOf(path, this.#asked)
      } else return value
    }
  }

  /** The only argument of a call, where that is a text; others are passed by. */
  #arguments(): string | undefined {
    const from = this.#at + 1
    let depth = 0
    do {
      const { kind, is } = this.#next()
      if (kind !== 'text') depth += Number(is === '(') - Number(is === ')')
    } while (depth > 0)
    const [only, ...others] = this.#tokens.slice(from, this.#at - 1)
    return others.length === 0 && only?.kind === 'text' ? only.is : undefined
  }

  #list(end: string): readonly Value[] {
    const values: Value[] = []
    while (!this.#takes(end)) {
      if (values.length > 0) this.#must(',')
      values.push(this.#or())
    }
    return values
  }
}

class NotUnderstood extends Error {}

function called(name: string, value: Value, wanted: string | undefined): Value {
  if (typeof value !== 'string' || wanted === undefined) return undefined
  if (name === 'startsWith') return value.startsWith(wanted)
  if (name === 'endsWith') return value.endsWith(wanted)
  return name === 'contains' ? value.includes(wanted) : undefined
}

function isEqual(a: Value, b: Value): boolean | undefined {
  return typeof a === typeof b && (typeof a === 'string' || typeof a === 'boolean') ? a === b : undefined
}

function isIn(value: Value, all: Value): boolean | undefined {
  if (typeof value !== 'string') return undefined
  if (typeof all === 'function') {
    const found = all(value)
    return found === undefined ? undefined : found !== null
  }
  if (!Array.isArray(all)) return undefined
  const answers = (all as readonly Value[]).map((one) => isEqual(value, one))
  if (answers.includes(true)) return true
  return answers.includes(undefined) ? undefined : false
}

function fieldOf(path: string, asked: Asked): Value {
  const { group, version, kind, resource, name, namespace, namespaceLabels, labels, pending } = asked
  switch (path) {
    case 'request.namespace':
    case 'object.metadata.namespace':
    case 'namespaceObject.metadata.name':
      return namespace
    case 'request.kind.group':
    case 'request.resource.group':
      return group
    case 'request.kind.version':
    case 'request.resource.version':
      return version
    case 'request.kind.kind':
    case 'object.kind':
      return kind
    case 'request.resource.resource':
      return resource.split('/')[0]
    case 'request.name':
    case 'object.metadata.name':
      return name
    case 'object.metadata.labels':
      return labels && ((key) => (pending?.(key) ? undefined : ownOf(labels, key)))
    case 'namespaceObject.metadata.labels':
      return namespaceLabels && ((key) => ownOf(namespaceLabels, key))
    default:
      return undefined
  }
}

function ownOf(labels: Labels, key: string): string | null {
  return Object.hasOwn(labels, key) ? (labels[key] ?? null) : null
}
