/** An image in a kustomization. */
export interface KustomizeImage {
  readonly name: string
  readonly newName?: string
  readonly newTag?: string
  readonly digest?: string
}

/**
 * What `kustomize edit set image` makes of its argument: `web=registry.example.com/web:1.4`, `web:1.4`, `web@sha256:…`.
 * Source: kustomize/commands/edit/set/setimage.go of kustomize.
 */
export function imageOfEdit(text: string): KustomizeImage {
  const at = text.indexOf('=')
  // A digest has no equals sign, and a name has none.
  const [name, rest] = at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)]
  const { image, ...version } = versionOf(rest)
  return name === undefined ? { name: image, ...version } : { name, newName: image, ...version }
}

function versionOf(text: string): { image: string; newTag?: string; digest?: string } {
  const digest = text.indexOf('@')
  const tag = text.lastIndexOf(':')
  if (digest >= 0) {
    const before = versionOf(text.slice(0, digest))
    return { ...before, digest: text.slice(digest + 1) }
  }
  return tag > text.lastIndexOf('/') ? { image: text.slice(0, tag), newTag: text.slice(tag + 1) } : { image: text }
}

/** Images with others in the place of those of the same name; `*` keeps what is there. */
export function mergeImages(there: readonly KustomizeImage[], edits: readonly KustomizeImage[]): KustomizeImage[] {
  const byName = new Map(there.map((image) => [image.name, image]))
  for (const edit of edits) {
    const before = byName.get(edit.name)
    const fields = Object.entries(edit).flatMap(([field, value]) => {
      const kept = value === '*' ? before?.[field as keyof KustomizeImage] : value
      return kept === undefined ? [] : [[field, kept]]
    })
    byName.set(edit.name, Object.fromEntries(fields))
  }
  return [...byName.values()]
}
