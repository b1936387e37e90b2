/** `cat <<EOF`, `kubectl apply -f - <<-'END'`: what begins a text inside a script, and the word that ends it. */
const BEGIN = /<<-?[ \t]{0,9}(["']?)([A-Za-z_]\w{0,63})\1/
const MAX_TEXT = 1_000_000

/** The texts that a script of the shell holds as here-documents, and the line on which each begins, from 0. */
export function hereDocuments(script: string): { readonly text: string; readonly line: number }[] {
  if (!script.includes('<<') || script.length > MAX_TEXT) return []
  const found: { text: string; line: number }[] = []
  let open: { readonly end: string; readonly line: number; readonly lines: string[] } | undefined
  for (const [index, content] of script.split('\n').entries()) {
    if (!open) {
      const end = BEGIN.exec(content)?.[2]
      if (end !== undefined) open = { end, line: index + 1, lines: [] }
    } else if (content.trim() === open.end) {
      found.push({ text: `${open.lines.join('\n')}\n`, line: open.line })
      open = undefined
    } else open.lines.push(content)
  }
  return found
}
