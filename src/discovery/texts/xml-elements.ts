/** A text that an element or an attribute of XML holds, and its name. */
export interface XmlText {
  readonly name: string
  readonly value: string
  /** Lines from the start of the text. */
  readonly line: number
}

/** `<image>ref</image>`, also over several lines. */
const ELEMENT = /<([A-Za-z][\w.-]{0,99})>\s{0,99}([^\s<>]{1,512})\s{0,99}<\/\1>/g
/** `<component image="ref"/>`. */
const ATTRIBUTE = /\s([A-Za-z][\w.-]{0,99})="([^"\s]{2,512})"/g
const BEGINNING = /^\s*<[?!A-Za-z]/

/** Whether a text is XML, as far as its beginning tells. */
export function isXml(text: string): boolean {
  return BEGINNING.test(text)
}

/** The texts of elements and attributes; the properties of Java (`<name>x.image</name><value>ref</value>`) by their names. */
export function textsInXml(text: string): XmlText[] {
  const lineAt = lineCounter(text)
  const texts: XmlText[] = []
  let property: string | undefined
  for (const { 1: name = '', 2: value = '', index } of text.matchAll(ELEMENT)) {
    if (name === 'name') property = value
    const isValue = name === 'value' && property !== undefined
    texts.push({ name: isValue ? (property ?? name) : name, value, line: lineAt(index) })
    if (isValue) property = undefined
  }
  const lineOfAttribute = lineCounter(text)
  for (const { 1: name = '', 2: value = '', index } of text.matchAll(ATTRIBUTE)) {
    texts.push({ name, value, line: lineOfAttribute(index + 1) })
  }
  return texts
}

/** Lines before an offset; offsets are asked for in order, so that the text is counted once. */
function lineCounter(text: string): (offset: number) => number {
  let [line, from] = [0, 0]
  return (offset) => {
    for (let at = text.indexOf('\n', from); at >= 0 && at < offset; at = text.indexOf('\n', from)) {
      line++
      from = at + 1
    }
    return line
  }
}
