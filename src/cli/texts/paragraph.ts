/** A text of the help as one line: where it breaks is up to the terminal. */
export function paragraph(text: string): string {
  return text.replaceAll('\n', ' ')
}
