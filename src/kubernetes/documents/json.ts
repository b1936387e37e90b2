/** The value of a text that is strict JSON; undefined for any other. */
export function findJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
