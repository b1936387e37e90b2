/** A run of characters that repositories have, and what may follow it. */
const RUN = /[\w./-]+(?=([:@][\w$%\\{<])?)/g

/** Words for images, and programs that are handed some. */
const WORDS = /image|repositor|registry|\b(?:crictl|ctr|docker|podman|nerdctl|skopeo|crane)\b/i

/** Whether a text may hold an image, told by its words and signs; one without them holds none. */
export function mayHoldImages(text: string): boolean {
  return WORDS.test(text) || holdsVersionedPath(text)
}

/** Whether something in a text looks like `org/app:1`. Each run is taken whole, so that it is read once. */
function holdsVersionedPath(text: string): boolean {
  for (const [run, version] of text.matchAll(RUN)) {
    if (version !== undefined && /[a-z0-9]\/./i.test(run)) return true
  }
  return false
}
