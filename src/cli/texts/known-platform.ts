import { ExpectedError } from '../../errors.ts'
import { parsePlatform } from '../../oci/platform.ts'
import { closest } from '../output/closest.ts'

/** What images are made for. Source: go tool dist list. */
const SYSTEMS = ['linux', 'windows', 'freebsd', 'darwin', 'wasip1']
const ARCHITECTURES = [
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mips64', 'mips64le', 'mipsle'],
  ...['ppc64', 'ppc64le', 'riscv64', 's390x', 'wasm'],
]

/** @throws {ExpectedError} PLATFORM_INVALID for what no image is made for, before any registry is asked for it. */
export function checkPlatform(text: string): void {
  const { os, architecture } = parsePlatform(text)
  const unknown = [[os, SYSTEMS] as const, [architecture, ARCHITECTURES] as const].find(
    ([name, known]) => !known.includes(name),
  )
  if (!unknown) return
  const [name, known] = unknown
  const meant = closest(name, known)
  throw new ExpectedError('PLATFORM_INVALID', `not a platform: ${JSON.stringify(text)}: nothing is made for ${name}`, {
    hint: `${meant ? `Did you mean ${meant}? ` : ''}Write it as os/architecture[/variant], such as linux/amd64 or linux/arm/v7.`,
  })
}
