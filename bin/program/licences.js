import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/
const LICENCE = /^(?:licen[cs]e|copying|notice)/i

/** The licences of the packages that these modules come from, as text. @throws where a package has none. */
export function licencesOf(modules) {
  const directories = new Set(modules.flatMap((id) => PACKAGE.exec(id)?.[0] ?? []))
  const parts = Array.from(directories, licenceOf).sort()
  return `What this program contains besides its own code, and under which licences.\n\n${parts.join('\n')}`
}

function licenceOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const files = readdirSync(directory).filter((file) => LICENCE.test(file))
  if (files.length === 0) throw new Error(`${name} comes without a licence`)
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').trim())
  return `${'-'.repeat(80)}\n${name} ${version}: ${license}\n\n${texts.join('\n\n')}\n`
}
