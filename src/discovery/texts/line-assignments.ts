import { type KeyRole, readKey } from '../classify/key.ts'
import { hasPlaceholder, isReferred } from '../classify/placeholders.ts'
import { hasVersion } from '../classify/reference-likelihood.ts'
import { compose } from '../compose/compose-reference.ts'
import { imagesInCommand } from './shell/command-lines.ts'
import { isImage } from './shell/handed-images.ts'
import { openImagesInCommand } from './shell/open-commands.ts'
import { commandsIn } from './shell/shell-commands.ts'
import { literalsIn, templateIn } from './templates.ts'

/** What a line sets a name to, or hands to a program. */
export interface LineAssignment {
  readonly name: string
  readonly value: string
  /** It is one of several values that a template chooses of. */
  readonly isPossible?: boolean
}

/** `image: ref`, `"image": "ref",`, `IMAGE=ref`, `3.9.0=ref`, alone on its line. */
const ASSIGNMENT =
  /^\s*(?:-\s+)?(?:export\s+)?["']?([\w][\w./-]*)(?:["']?\s*=|["']\s*:|\s*:\s)\s*["']?([^\s"',;{}()<>`|\\]+)["']?\s*[,;]?\s*(?:#.*)?$/
const PROPERTY_ROLES: ReadonlySet<KeyRole> = new Set(['image', 'repository', 'tag', 'digest'])
/** `spark.container.image ref`, `worker.image:ref`: a property whose name and value only white space or a colon parts. */
const PROPERTY = /^\s*([A-Za-z]\w*[._-][\w.-]*)(?:[ \t]+|:)([\w./:@-]+)\s*$/
/** `--image=ref` and `--image ref` anywhere in a line. */
const FLAG = /(?<=^|[\s"'[,=])--?([A-Za-z][\w.-]*)(?:=|\s+)["']?([^\s"',;{}()<>`|\\-][^\s"',;{}()<>`|\\]*)/g
/** `IMAGE=ref` before or among the words of a command. */
const VARIABLE = /(?<=^|\s)([A-Za-z_]\w{0,99})=["']?([^\s"',;{}()<>`|\\$]{2,512})["']?(?=\s|$)/g
/** `{"name":"c","image":"ref"}`, also with its quotes escaped, and `{name: c, image: ref}`. */
const IN_BRACES =
  /(?<=[{,]\s{0,9}\\?["']?)([A-Za-z][\w.-]{0,99})\\?["']?\s{0,9}:\s{0,9}\\?["']{0,3}((?:\$\{[\w.:-]{1,99}\}|[^\s"'\\,{}]){1,512})/g
/** `image = var.image` */
const SET_TO_WORD = /^\s*([A-Za-z]\w{0,99})\s*[:=]\s*([\w.[\]"-]{1,212})\s*,?\s*$/
/** `{"op":"replace","path":"/spec/…/image","value":"ref"}`, in either order. */
const PATCHES = [
  /path\\?["']?\s{0,9}:\s{0,9}\\?["']?[\w/~-]{0,200}\/image\\?["']?\s{0,9},\s{0,9}\\?["']?value\\?["']?\s{0,9}:\s{0,9}\\?["'](?<value>(?:\$\{[\w.:-]{1,99}\}|[^\s"'\\,{}]){1,512})/g,
  /value\\?["']?\s{0,9}:\s{0,9}\\?["'](?<value>(?:\$\{[\w.:-]{1,99}\}|[^\s"'\\,{}]){1,512})\\?["']\s{0,9},\s{0,9}\\?["']?path\\?["']?\s{0,9}:\s{0,9}\\?["']?[\w/~-]{0,200}\/image\b/g,
]
/** `'{"image":"'"$REGISTRY"'/x:1"}'`: quotes that end for a variable, and begin again. */
const JOINED = /'"?(\$[^\s'"]{1,512})"?'/g
/** `image: {{ .Values.image }}`, `"image": "${REGISTRY}/x"`: an image that a placeholder is part of. */
const OPEN = /^\s*(?:-\s+)?["']?([A-Za-z][\w./-]*)["']?\s*[:=]\s*["']?([^\s"'][^"']{1,500}?)["']?,?\s*$/

const PROGRAM = /^\s*(?:sudo\s+)?(?:crictl|ctr|docker|podman|nerdctl|skopeo|crane|kubectl|helm)\s/

/** Beyond this a command is data, not something that a person wrote. */
const MAX_COMMAND = 16_384
const OF_PROGRAM = 'image of '
/** Beside others on its line only what speaks of images counts. */
const OF_IMAGES: ReadonlySet<KeyRole> = new Set(['image', 'repository', 'registry', 'tag', 'digest'])

/** Whether it was no name, but a program that was handed the value. */
export function isCommanded(name: string): boolean {
  return name.startsWith(OF_PROGRAM)
}

/** Whether a line begins with a program that it hands images to, or is several commands of which one does. */
export function isCommandLine(line: string): boolean {
  const commands = commandsIn(line)
  if (commands.length <= 1 && !PROGRAM.test(line)) return false
  if (PROGRAM.test(line) && line.includes('{') && imagesInBraces(line).length > 0) return true
  return commands.some(({ text }) => text.length <= MAX_COMMAND && imagesInCommand(text).length > 0)
}

/** What a line assigns, passes as flags or hands to programs, in each of its commands. */
export function assignmentsOf(content: string): LineAssignment[] {
  const template = templateIn(content)
  if (template) return literalsIn(template.value).map((value) => ({ name: template.name, value, isPossible: true }))
  const commands = commandsIn(content)
  const isWhole = commands.length <= 1
  const found = commands.flatMap(({ text }) => (text.length > MAX_COMMAND ? [] : inCommand(text, isWhole)))
  const inBraces = content.includes('{') ? imagesInBraces(content).filter(({ value }) => isImage(value)) : []
  const composed = content.includes('{') ? composedInBraces(content) : []
  const all = [
    ...found.filter(({ value }) => !composed.some((one) => one.parts.includes(value))),
    ...inBraces,
    ...composed,
  ]
  if (all.length < 2) return all
  const handed = new Set(all.flatMap(({ name, value }) => (isCommanded(name) ? [value] : [])))
  const seen = new Set<string>()
  return all.filter(({ name, value }) => {
    const isKnown = handed.has(value) && !isCommanded(name)
    return !isKnown && seen.size < seen.add(handed.has(value) ? value : `${name}\n${value}`).size
  })
}

function inCommand(command: string, isWhole: boolean): LineAssignment[] {
  const commanded = imagesInCommand(command).map(({ reference, program }) => ({
    name: `${OF_PROGRAM}${program}`,
    value: reference,
  }))
  if (referredIn(command)) return []
  const [, name, value] = commanded.length > 0 ? [] : (ASSIGNMENT.exec(command) ?? [])
  // `KUBELET_ARGS="--pod-infra-container-image=ref"`
  if (name && value && !value.startsWith('-') && (isWhole || OF_IMAGES.has(readKey(name).role)))
    return [{ name, value }]
  const [, property, image] = commanded.length > 0 ? [] : (PROPERTY.exec(command) ?? [])
  if (isWhole && property && image && PROPERTY_ROLES.has(readKey(property).role))
    return [{ name: property, value: image }]
  const toName = ([, flag = '', argument = '']: RegExpExecArray) => ({ name: flag, value: argument })
  const passed = Array.from(command.matchAll(FLAG), toName)
  const set = command.includes('=') ? Array.from(command.matchAll(VARIABLE), toName).filter(isOfImage) : []
  return [...commanded, ...(commanded.length > 0 ? passed.filter(isOfImage) : passed), ...set]
}

function imagesInBraces(content: string): LineAssignment[] {
  const text = content.includes('$') ? content.replace(JOINED, '$1') : content
  const set = Array.from(text.matchAll(IN_BRACES), ([, name = '', value = '']) => ({ name, value })).filter(isOfImage)
  if (!text.includes('value')) return set
  const patched = PATCHES.flatMap((way) => Array.from(text.matchAll(way), ({ groups }) => groups?.value ?? ''))
  return [...set, ...patched.map((value) => ({ name: 'image', value }))]
}

/** `{ repository = "x/y", tag = "1" }`, `{"image":"x/y","version":"1"}`: parts beside one another. */
function composedInBraces(content: string): (LineAssignment & { readonly parts: readonly string[] })[] {
  return Array.from(content.matchAll(BRACES), ([, inside = '']) => {
    const pairs = Array.from(inside.matchAll(PAIR), ([, name = '', text = ''], index) => ({
      name,
      text,
      path: [index],
    }))
    const { found } = compose(pairs)
    const whole = found.filter(({ reference, isSure }) => isSure && hasVersion(reference))
    return whole.map(({ reference, from }) => ({
      name: 'image',
      value: reference,
      parts: from.map(({ text }) => text),
    }))
  }).flat()
}
/** Of braces only the innermost. */
const BRACES = /\{([^{}]{3,1000})\}/g
const PAIR = /["']?([A-Za-z][\w.-]{0,99})["']?\s{0,9}[:=]\s{0,9}["']?([\w./:@+-]{1,512})["']?\s{0,9}(?=[,;]|$)/g

function referredIn(command: string): LineAssignment | undefined {
  const [, name = '', value = ''] = SET_TO_WORD.exec(command) ?? []
  return isReferred(value) ? { name, value } : undefined
}

function isOfImage({ name }: LineAssignment): boolean {
  return readKey(name).role === 'image'
}

/** What a command sets an image to, or hands to a program, where values are still to be put in. */
export function openImagesIn(
  command: string,
  { isScript, isWhole }: { isScript: boolean; isWhole: boolean },
): LineAssignment[] {
  if (command.length > MAX_COMMAND) return []
  const template = isWhole ? templateIn(command) : undefined
  if (template) return [template]
  const commanded = openImagesInCommand(command)
  if (commanded.length > 0)
    return commanded.map(({ reference, program }) => ({ name: `${OF_PROGRAM}${program}`, value: reference }))
  const referred = referredIn(command)
  if (referred) return isOfImage(referred) ? [referred] : []
  if (!hasPlaceholder(command)) return []
  const [, name, value] = OPEN.exec(command) ?? []
  if (!name || !value || !hasPlaceholder(value) || readKey(name).role !== 'image') {
    return command.includes('{') ? imagesInBraces(command).filter((one) => hasPlaceholder(one.value)) : []
  }
  // A variable of a script is told where it is used, unless it is a whole reference by itself.
  const isVariable = isScript && /^\s*(?:\w+\s+)?\w+=/.test(command)
  // With a default that is one it is found as such.
  const isReference = /^[^\s()]*\/[^\s()]*$/.test(value) && !/^\$\{\w+:?[-=][^{}$]+\}$/.test(value)
  return isVariable && !isReference ? [] : [{ name, value }]
}
