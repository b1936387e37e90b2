// CHANGELOG.md as parts: a heading of the second level each, "Unreleased" first.
const UNRELEASED = /^## Unreleased\n+/m

/** What the part of a version, or "Unreleased", says, without its heading; undefined where there is none. */
export function notesOf(changelog, name) {
  const parts = changelog.split(/^## /m)
  const part = parts.find((text) => text.split('\n', 1)[0].split(' ')[0] === name)
  return part?.slice(part.indexOf('\n')).trim()
}

/** The changelog with what is unreleased as the part of that version, and nothing unreleased. */
export function withRelease(changelog, version, date) {
  return changelog.replace(UNRELEASED, `## Unreleased\n\n## ${version} (${date})\n\n`)
}
