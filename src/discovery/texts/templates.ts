import { readKey } from '../classify/key.ts'
import { hasVersion } from '../classify/reference-likelihood.ts'
import { isImage } from './shell/handed-images.ts'

/** `image: …`, of which nothing is quoted around the whole. */
const LINE = /^\s*(?:-\s+)?["']?([A-Za-z][\w./-]{0,99})["']?\s{0,9}[:=]\s{0,9}(\S.{0,500})$/
/** What templates of Go, Jinja, ERB, Concourse and others are put into: expressions and logic. */
const TEMPLATE =
  /\{\{[^\n]{0,400}?\}\}|\{%[^\n]{0,400}?%\}|<%[^\n]{0,400}?%>|\[\[[^\n]{0,400}?\]\]|\(\([^\n]{0,400}?\)\)|#\{[\w.-]{1,99}\}#?/g
const LITERAL = /["'`]([^\s"'`]{2,512})["'`]/g

/** What a line sets an image to, where that is a template that holds quotes or logic, or is all of the value. */
export function templateIn(line: string): { readonly name: string; readonly value: string } | undefined {
  if (!/\{[{%]|<%|\[\[|\(\(|#\{/.test(line)) return undefined
  const [, name, rest] = LINE.exec(line) ?? []
  if (!name || !rest || readKey(name).role !== 'image') return undefined
  const value = unquoted(rest.trim().replace(/,$/, ''))
  const templates = value.match(TEMPLATE) ?? []
  const isWhole = templates.length > 0 && value.replace(TEMPLATE, '') === ''
  const hasLogic = templates.some((one) => /["'`|]|^(?:\{%|<%|\(\(|\[\[|#\{|\{\{-?\s{0,9}(?:if|else|with)\b)/.test(one))
  return isWhole || hasLogic ? { name, value } : undefined
}

/** The images that stand in a template as they are: defaults, and what a branch gives. */
export function literalsIn(template: string): string[] {
  const expressions = template.match(TEMPLATE) ?? []
  const quoted = expressions.flatMap((one) => Array.from(one.matchAll(LITERAL), ([, text = '']) => text))
  const branches = template.includes('{%') || template.includes('<%') || /\{\{-?\s*(?:if|else)/.test(template)
  const plain = branches ? template.replace(TEMPLATE, ' ').split(/\s+/) : []
  return [...quoted, ...plain].filter((text) => hasVersion(text) && isImage(text))
}

function unquoted(text: string): string {
  return /^(["'])[^"']*\1$/.test(text) ? text.slice(1, -1) : text
}

/** `image: #{x}#`, `image: [[ x ]]`: to YAML a comment, and a list. */
const HOLLOW = /^\s*(?:-\s+)?["']?([A-Za-z][\w./-]{0,99})["']?\s{0,9}:\s{1,9}(#\{[\w.-]{1,99}\}#?|\[\[.{1,400}\]\])\s*$/

/** The templates that lines of YAML set images to and that YAML itself reads as something else; lines count from 0. */
export function hollowImagesIn(text: string): { readonly value: string; readonly line: number }[] {
  if (!/#\{|\[\[/.test(text)) return []
  return text.split('\n').flatMap((content, line) => {
    const [, name, value] = HOLLOW.exec(content) ?? []
    return name && value && readKey(name).role === 'image' ? [{ value, line }] : []
  })
}
