import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { looseCandidates } from '../../../discovery/loose/loose-documents.ts'
import { mentionsImages } from '../../../discovery/loose/plain-text.ts'
import { type Finding, finding } from '../../../finding.ts'
import { readDocuments } from '../../../kubernetes/documents/document.ts'
import { isObject } from '../../../kubernetes/objects/resource.ts'
import { readText } from '../../texts/read-text.ts'

/** What helm itself, or a tool that says how the chart is installed, has beside the templates. */
const KNOWN = /^(?:chart|values|requirements|fleet|\.helmignore)\.ya?ml$/i
/** Folders in which charts keep the values of their environments. */
const OF_VALUES = /^(?:values|env|envs|environments?)$/i

/** Files of values in the directory of a chart that name images, or cannot be read, none of which it is rendered with. */
export async function idleValues(chart: string): Promise<Finding[]> {
  const told: Finding[] = []
  for (const file of await valuesIn(chart)) {
    const text = await readText(file).catch(() => undefined)
    if (text === undefined) told.push(idle(file, 'cannot be read'))
    else if (saysImages(text, file)) told.push(idle(file, 'holds values that are about images'))
  }
  return told
}

function idle(file: string, what: string): Finding {
  return finding('NOT_READ', `${file}: ${what}, and its chart is rendered without it`, {
    hint: 'Say in a nodeseed.yaml how the chart is installed, or with --values; or allow it, where nothing is installed with it.',
    file,
  })
}

/** A packed chart has none of its own that anybody could name. */
async function valuesIn(directory: string, isBelow = false): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const files = entries.filter(
    (one) => one.isFile() && /\.ya?ml$/i.test(one.name) && (isBelow || !KNOWN.test(one.name)),
  )
  const folders = entries.filter((one) => !isBelow && one.isDirectory() && OF_VALUES.test(one.name))
  const below = await Promise.all(folders.map(({ name }) => valuesIn(join(directory, name), true)))
  return [...files.map(({ name }) => join(directory, name)), ...below.flat()].sort()
}

function saysImages(text: string, file: string): boolean {
  return Array.from(readDocuments(text, file)).some((document) => {
    if (document.form === 'broken') return mentionsImages(text)
    if (document.form !== 'manifest' || (isObject(document.value) && 'kind' in document.value)) return false
    const { candidates, hasImageKeys, openPart } = looseCandidates(document, undefined)
    return candidates.length > 0 || hasImageKeys || openPart !== undefined
  })
}
