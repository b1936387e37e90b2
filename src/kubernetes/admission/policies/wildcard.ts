/** Whether a text fits a pattern in which `*` stands for any text and `?` for one character, as Kyverno and Gatekeeper have it. */
export function fitsWildcard(pattern: string, text: string): boolean {
  let [at, from] = [0, 0]
  let star = -1
  let resume = 0
  while (from < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = from
    } else if (pattern[at] === '?' || pattern[at] === text[from]) {
      at++
      from++
    } else if (star >= 0) {
      at = star + 1
      from = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
