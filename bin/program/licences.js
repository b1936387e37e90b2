import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/
const LICENCE = /^(?:licen[cs]e|copying|notice)/i

/** Packages that come without the text of their licence, and one of the same repository that has it. */
const TEXT_OF = { '@sigstore/verify': '@sigstore/bundle' }

/** The licences of the packages that these modules come from, as text. @throws where a package has none. */
export function licencesOf(modules) {
  const directories = new Set(modules.flatMap((id) => PACKAGE.exec(id)?.[0] ?? []))
  const parts = Array.from(directories, licenceOf).sort()
  return `What this program contains besides its own code, and under which licences.\n\n${parts.join('\n')}`
}

function licenceOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const beside = TEXT_OF[name] ? join(directory.slice(0, -name.length), TEXT_OF[name]) : directory
  const files = readdirSync(beside).filter((file) => LICENCE.test(file))
  if (files.length === 0) throw new Error(`${name} comes without a licence`)
  const texts = files.map((file) => readFileSync(join(beside, file), 'utf8').trim())
  return `${'-'.repeat(80)}\n${name} ${version}: ${license}\n\n${texts.join('\n\n')}\n`
}
