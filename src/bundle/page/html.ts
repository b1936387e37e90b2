const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}

/**
 * The same, where it may be broken behind what separates the parts of a name, so that no word is broken inside; a digest,
 * which no narrow column has room for, is broken somewhere.
 */
export function breakable(text: string): string {
  const parted = text.replace(/(?<=\w)(?:[/:@=_]|\.(?=[a-z]))|[^\s/:@=_.-]{32}(?=\S)/giu, '$&\0')
  return escapeHtml(parted).replaceAll('\0', '<wbr>')
}

/** A page that needs nothing else, and on which no program runs: no network, no script. `body` is HTML. */
export function htmlPage(command: string, css: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>nodeseed ${command}</title>
<style>${css}</style>
</head>
<body>
${body}
</body>
</html>
`
}

/** Terms and texts; those without a text are left out. */
export function termList(terms: readonly (readonly [term: string, text: string])[]): string {
  const shown = terms.filter(([, text]) => text !== '')
  const rows = shown.map(([term, text]) => `<div><dt>${escapeHtml(term)}</dt><dd>${breakable(text)}</dd></div>`)
  return `<dl id="about">${rows.join('')}</dl>`
}

/** A column of a table: its heading, whether it has numbers, and the HTML of a cell. */
export interface Column<Row> {
  readonly heading: string
  readonly isNumber?: boolean
  readonly cell: (row: Row) => string
}

/** A table, which is cards on a narrow screen; columns without any content are left out. */
export function htmlTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  idOf: (row: Row, index: number) => string = () => '',
): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  const shown = columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ index }) => cells.some((row) => row[index]))
  const classOf = (isNumber?: boolean) => (isNumber ? ' class="number"' : '')
  const head = shown.map(({ heading, isNumber }) => `<th scope="col"${classOf(isNumber)}>${escapeHtml(heading)}</th>`)
  const body = cells.map((row, at) => {
    const id = idOf(rows[at] as Row, at)
    const line = shown.map(
      ({ heading, isNumber, index }) =>
        `<td${classOf(isNumber)} data-heading="${escapeHtml(heading)}">${row[index]}</td>`,
    )
    return `<tr${id && ` id="${id}"`}>${line.join('')}</tr>`
  })
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table>`
}
