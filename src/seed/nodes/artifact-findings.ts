import { isArtifact, type Lock } from '../../bundle/format/lock.ts'
import { type Finding, finding } from '../../finding.ts'
import { listNames } from '../../plural.ts'

/** What of a bundle no node gets, told once. */
export function artifactFindings({ images }: Lock): Finding[] {
  const names = images.filter(isArtifact).map(({ reference }) => reference)
  if (names.length === 0) return []
  return [
    finding(
      'ARTIFACT_NOT_SEEDED',
      `left to registries, as no runtime unpacks ${names.length === 1 ? 'it' : 'them'}: ${listNames(names)}`,
    ),
  ]
}
