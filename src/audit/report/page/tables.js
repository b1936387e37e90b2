// What is said beside the matrix, and the tables of images, nodes and findings below it; the same script as page.js.

// A table of tens of thousands of rows would freeze the page; all are there when they are asked for.
const MOST_ROWS = 500
// The matrix is to be on the first screen too.
const CAUSES_SHOWN = 6
const PLACES_SHOWN = 5

/** Tables are made when they are first looked at. */
function fill(id, render) {
  const details = document.getElementById(id)
  if (details.open) fillNow(id, render)
  else details.addEventListener('toggle', () => fillNow(id, render), { once: true })
}

function fillNow(id, render, most = MOST_ROWS) {
  const place = document.querySelector(`#${id} > div`)
  if (place.firstChild && most === MOST_ROWS) return
  const [columns, rows, before = ''] = render()
  const all = `<p><button type="button">Show all ${rows.length}</button></p>`
  place.innerHTML =
    before + (rows.length > 0 ? table(columns, rows.slice(0, most)) : '<p>None.</p>') + (rows.length > most ? all : '')
  place.querySelector('button')?.addEventListener('click', () => fillNow(id, render, rows.length))
}

const PRESENCES = { everywhere: 'yes', some: 'maybe', nowhere: 'no', unknown: 'maybe' }

function imageTable() {
  const lines = (texts) =>
    [...texts.slice(0, PLACES_SHOWN), ...(texts.length > PLACES_SHOWN ? [`${texts.length - PLACES_SHOWN} more`] : [])]
      .map(breakable)
      .join('<br>')
  const rows = data.named.map(({ image, isSure, presence, word, on, bundled, namedBy, reasons }) => {
    const kind = isSure ? PRESENCES[presence] : 'out'
    const is = `<span class="verdict ${kind}">${word}</span>${isSure ? '' : ' (perhaps no image)'}`
    const held = bundled === null ? '' : bundled ? 'yes' : 'no'
    return [is, breakable(image), on, held, lines(namedBy), lines(reasons)]
  })
  const columns = ['It is', 'Image', 'On nodes', 'In the bundle', 'Named by', 'Why not']
  return [columns, rows, '<p>It is not known on which nodes their pods land.</p>']
}

function nodeTable() {
  const indexes = [...new Set(data.nodes.map(({ index }) => index))]
  const startsOn = (index) => data.workloads.filter((workload) => outcomeOf(workload, index).starts === true).length
  const starting = new Map(indexes.map((index) => [index, startsOn(index)]))
  const rows = data.nodes.map(({ name, images, bytes, unneeded, index }) => [
    ...[breakable(name), images, formatBytes(bytes), formatBytes(unneeded), starting.get(index)],
  ])
  return [['Node', '#Images listed', '#Size', '#Not needed', '#Workloads that start'], rows]
}

function findingTable() {
  const rows = data.findings.map(({ severity, code, message, hint, file, line }) => [
    `<span class="severity ${severity}">${severity}</span>`,
    breakable(code),
    `${breakable(message)}${hint ? `<br><span class="hint">${breakable(hint)}</span>` : ''}`,
    breakable(file ? `${file}:${line}` : ''),
  ])
  return [['Severity', 'Code', 'What', 'Where'], rows]
}

/** Rows of HTML under headings; a heading that begins with # is one of numbers. */
function table(headings, rows) {
  const columns = headings.map((heading) => [
    heading.replace('#', ''),
    heading.startsWith('#') ? ' class="number"' : '',
  ])
  const head = columns.map(([title, kind]) => `<th${kind}>${title}</th>`)
  const body = rows.map(
    (cells) =>
      `<tr>${cells.map((cell, at) => `<td${columns[at][1]} data-heading="${columns[at][0]}">${cell}</td>`).join('')}</tr>`,
  )
  return `<table><tr>${head.join('')}</tr>${body.join('')}</table>`
}

function formatBytes(bytes) {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`
}

function tell(workload, column) {
  const outcome = column && outcomeOf(workload, column.index)
  const answer = outcome && (outcome.starts ? 'It starts here.' : `${outcome.reason}: ${outcome.message}`)
  const facts = [
    ...(column ? [[column.node, answer]] : []),
    [
      'Verdict',
      `${VERDICTS[workload.verdict][2]}: starts on ${workload.starting} of ${workload.eligible} nodes that it may land on${workload.replicas === null ? '' : `, ${workload.replicas} wanted`}`,
    ],
    ...(workload.idle === null ? [] : [['Pods now', `none (${workload.idle}); judged as if it wanted some`]]),
    ['Where', workload.place],
  ]
  const lists = [
    ['Images', workload.images],
    ['What would help, the smallest first', workload.fixes],
    ['Why not', workload.reasons],
  ]
  document.getElementById('detail').innerHTML =
    `<h2>${breakable(workload.name)}</h2><dl>${facts.map(([term, text]) => `<dt>${escapeHtml(term)}</dt><dd>${breakable(text)}</dd>`).join('')}${lists
      .filter(([, entries]) => entries.length > 0)
      .map(
        ([term, entries]) =>
          `<dt>${term}</dt><dd><ul>${entries.map((entry) => `<li>${breakable(entry)}</li>`).join('')}</ul></dd>`,
      )
      .join('')}</dl>`
}

/** What the page is about, for whoever signs it. */
function tellAbout() {
  document.getElementById('about').innerHTML = data.about
    .map(([term, text]) => `<div><dt>${escapeHtml(term)}</dt><dd>${breakable(text)}</dd></div>`)
    .join('')
}

/** Each cause once, the worst first, with how much it keeps from being safe. */
function tellCauses() {
  const place = document.getElementById('causes')
  place.hidden = data.causes.length === 0
  const more = data.causeCount - data.causes.length
  const items = data.causes.map(
    ({ verdict, reason, message, nodes, workloads, fix }) =>
      `<li><span class="verdict ${VERDICTS[verdict][1]}" title="${VERDICTS[verdict][2]}">${VERDICTS[verdict][0]}</span><div><b>${escapeHtml(reason)}</b> ${breakable(message)}<br><span class="hint">${count(workloads, 'workload')}, ${count(nodes, 'node')}</span>${fix ? `<br>Fix: ${breakable(fix)}` : ''}</div></li>`,
  )
  const [shown, others] = [items.slice(0, CAUSES_SHOWN), items.slice(CAUSES_SHOWN)]
  const left = more > 0 ? `<p>${count(more, 'more cause')}: nodeseed audit --all</p>` : ''
  const rest = `<details><summary>${count(others.length + more, 'more cause')}</summary><ol>${others.join('')}</ol>${left}</details>`
  place.innerHTML = `<h2>What keeps workloads from being safe</h2><ol>${shown.join('')}</ol>${others.length > 0 ? rest : ''}`
}

/** As many names as one reads. */
function listNames(names) {
  const more = names.length - PLACES_SHOWN
  return names.slice(0, PLACES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function count(number, noun, nouns = `${noun}s`) {
  return `${number} ${number === 1 ? noun : nouns}`
}

/** May be broken behind what separates the parts of a name, so that no word is broken inside; and long digests somewhere. */
function breakable(text) {
  const parted = String(text).replace(/(?<=\w)(?:[/:@=_]|\.(?=[a-z]))|[^\s/:@=_.-]{32}(?=\S)/giu, '$&\0')
  return escapeHtml(parted).replaceAll('\0', '<wbr>')
}

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
