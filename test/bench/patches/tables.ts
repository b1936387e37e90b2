import type { Carried } from './carried.ts'
import type { WriterReplayed } from './replayed.ts'

export const CARRIED_HEAD = [
  '| layer | updates | as whole layers | as patches | ratio | floor | made, MB/s | in MB | applied, MB/s | in MB |',
  '| ----- | ------: | --------------: | ---------: | ----: | ----: | ---------: | ----: | ------------: | ----: |',
].join('\n')

/** A line of the table of what is carried. */
export function carriedRow(name: string, { updates, asWhole, whole, patched, floor, ...rest }: Carried): string {
  const { text, appliedText, made, applied } = rest
  return row(
    name,
    asWhole > 0 ? `${updates}, ${asWhole} whole` : `${updates}`,
    megabytes(whole),
    megabytes(patched),
    (patched / whole).toFixed(3),
    megabytes(floor),
    rate(text, made.seconds),
    Math.round(made.memory / 1e6),
    rate(appliedText, applied.seconds),
    Math.round(applied.memory / 1e6),
  )
}

export const REPLAYED_HEAD = [
  '| writer | layers made again | of their bytes | policy | not foretold | description, of the layer | made again, MB/s | itself, MB/s |',
  '| ------ | ----------------: | -------------: | ------ | -----------: | ------------------------: | ---------------: | -----------: |',
].join('\n')

/** A line of the table of writers. */
export function replayedRow(name: string, result: WriterReplayed): string {
  const { layers, replayed, bytes, replayedBytes, policies, surprises, description, text } = result
  const known = replayed > 0
  return row(
    name,
    `${replayed} of ${layers}`,
    percent(replayedBytes / bytes, 0),
    policies.join(', '),
    known ? percent(surprises, 3) : '',
    known ? percent(description, 2) : '',
    known ? rate(text, result.seconds) : '',
    known ? rate(text, result.ownSeconds) : '',
  )
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function row(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

function percent(share: number, digits: number): string {
  return `${(100 * share).toFixed(digits)} %`
}

/** Of text and processor time. */
function rate(text: number, seconds: number): string {
  return seconds > 0 ? (text / 1e6 / seconds).toFixed(1) : ''
}
