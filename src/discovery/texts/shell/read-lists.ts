/** Where a variable gets the words from that a command reads into it: lines of the script itself, or a file. */
export interface ReadList {
  readonly name: string
  readonly words: readonly string[]
}

const READS = /\b(?:while|until)\b[^;]{0,200}?\bread\s+(?:-\w+\s+){0,4}([A-Za-z_]\w*)/
const MAPS = /\b(?:mapfile|readarray)\s+(?:-\w+\s+(?:''\s+)?){0,4}([A-Za-z_]\w*)/
/** `done < images.txt`, `mapfile -t images < images.txt` */
const FROM_FILE = /(?:\bdone|\b(?:mapfile|readarray)\b.{0,200}?)\s{0,9}<\s{0,9}["']?([^\s"'<>|&;()]{1,200})/
/** `done <<EOF`, `mapfile -t images <<EOF` */
const FROM_TEXT = /(?:\bdone|\b(?:mapfile|readarray)\b.{0,200}?)\s{0,9}<<-?\s{0,9}["']?([A-Za-z_]\w{0,99})["']?\s*$/
/** `cat images.txt | while read image` */
const PIPED = /\bcat\s+["']?([^\s"'<>|&;()]{1,200})["']?\s*\|\s*(?:while|until)\b/

/** The words of a file that is only named. */
export function wordsOfFile(file: string): string {
  return `$(cat ${file})`
}

/** What variables read, by the line on which they begin to, from 0. */
export function readLists(text: string): ReadonlyMap<number, ReadList> {
  const lists = new Map<number, ReadList>()
  if (!/\b(?:read|mapfile|readarray)\s/.test(text)) return lists
  const lines = text.split('\n')
  const open: { readonly name: string; readonly line: number }[] = []
  for (const [line, content] of lines.entries()) {
    const name = READS.exec(content)?.[1] ?? MAPS.exec(content)?.[1]
    const piped = PIPED.exec(content)?.[1]
    if (name !== undefined && piped !== undefined) lists.set(line, { name, words: [wordsOfFile(piped)] })
    else if (name !== undefined) open.push({ name, line })
    const file = FROM_FILE.exec(content)?.[1]
    const end = FROM_TEXT.exec(content)?.[1]
    const reader = file === undefined && end === undefined ? undefined : open.pop()
    if (!reader) continue
    const words = file === undefined ? documentAt(lines, line + 1, end ?? '') : [wordsOfFile(file)]
    lists.set(reader.line, { name: reader.name, words })
  }
  return lists
}

/** Beyond this a document in a script is data. */
const MAX_DOCUMENT = 1000

function documentAt(lines: readonly string[], from: number, end: string): string[] {
  const inside = lines.slice(from, from + MAX_DOCUMENT)
  const last = inside.findIndex((content) => content.trim() === end)
  const words = inside.slice(0, Math.max(last, 0)).map((content) => content.replace(/(?:^|\s)#.*/, '').trim())
  return words.flatMap((content) => content.split(/\s+/, 1)).filter(Boolean)
}
