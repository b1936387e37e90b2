// Runs in the browser. The data are classes: a row of verdicts for each class of equal pods, a column for each class of
// equal nodes. Only the cells that can be seen are elements, so that thousands of nodes scroll as well as ten do.
const data = JSON.parse(document.getElementById('data').textContent)
const [ROW_HEIGHT, COLUMN_WIDTH, HEAD_HEIGHT] = [24, 24, 120]
const VERDICTS = {
  safe: ['✓', 'yes', 'safe'],
  atRisk: ['!', 'no', 'at risk'],
  impossible: ['✗', 'no', 'impossible'],
  unknown: ['?', 'maybe', 'unknown'],
}

const matrix = document.getElementById('matrix')
const canvas = document.getElementById('canvas')
const [search, reason, grouped] = ['search', 'reason', 'grouped'].map((id) => document.getElementById(id))

let rows = []
let columns = []
let here = { row: 0, column: 0 }
let isChosen = false
let nameWidth = 260

function start() {
  tellAbout()
  tellCauses()
  const counts = Object.entries(VERDICTS).map(([verdict, [, , word]]) => [
    verdict,
    word,
    data.workloads.filter((one) => one.verdict === verdict).length,
  ])
  document.getElementById('summary').textContent =
    `${data.workloads.length} workloads on ${data.nodes.length} nodes: ${data.summary}`
  for (const [verdict, word, count] of counts) {
    const label = document.createElement('label')
    label.innerHTML = `<input type="checkbox" value="${verdict}" checked> ${word} (${count})`
    document.getElementById('verdicts').append(label)
  }
  for (const name of [...new Set(data.outcomes.map((outcome) => outcome.reason).filter(Boolean))].sort())
    reason.append(new Option(name, name))
  document.getElementById('filters').addEventListener('input', filter)
  document.getElementById('filters').addEventListener('submit', (event) => event.preventDefault())
  matrix.addEventListener('scroll', () => requestAnimationFrame(draw))
  matrix.addEventListener('click', choose)
  matrix.addEventListener('keydown', move)
  document.getElementById('close').addEventListener('click', () => document.body.classList.remove('told'))
  new ResizeObserver(measure).observe(matrix)
  addEventListener('beforeprint', print)
  document.getElementById('images').hidden = data.named.length === 0
  fill('images', imageTable)
  fill('nodes', nodeTable)
  fill('findings', findingTable)
  filter()
  measure()
  chooseWorst()
}

/** The first cell that fails, of the worst workload, is what is asked about first. */
function chooseWorst() {
  const isOpen = (workload) => workload.verdict !== 'safe'
  const row = rows.findIndex(isOpen)
  if (row < 0) return
  const fails = ({ index }, mustLand) => {
    const { starts, mayLand } = outcomeOf(rows[row], index)
    return starts !== true && (mayLand || !mustLand)
  }
  const landing = columns.findIndex((column) => fails(column, true))
  const column = landing < 0 ? columns.findIndex((column) => fails(column, false)) : landing
  if (column >= 0) go(row, column)
}

/** The names take the room that they need, and on a narrow screen less than half of it. */
function measure() {
  const pen = document.createElement('canvas').getContext('2d')
  pen.font = getComputedStyle(document.body).font
  const longest = data.workloads.reduce((most, { name }) => (name.length > most.length ? name : most), '')
  const wanted = pen.measureText(longest).width + pen.measureText('5000 of 5000').width + 52
  nameWidth = Math.round(Math.max(120, Math.min(wanted, matrix.clientWidth * (matrix.clientWidth < 640 ? 0.58 : 0.5))))
  resize()
  draw()
}

function resize() {
  canvas.style.width = `${nameWidth + columns.length * COLUMN_WIDTH + 8}px`
  const height = HEAD_HEIGHT + rows.length * ROW_HEIGHT + 8
  canvas.style.height = `${height}px`
  // No higher than what is in it, and its borders.
  matrix.style.height = `min(70vh, 46rem, ${Math.max(height, HEAD_HEIGHT + 60) + 2}px)`
}

/** What is in the matrix now. A search that meets node names narrows the columns; else it narrows the rows. */
function filter() {
  const words = search.value.trim().toLowerCase()
  const verdicts = new Set([...document.querySelectorAll('#verdicts input:checked')].map((box) => box.value))
  const meets = (text) => text.toLowerCase().includes(words)
  const nodes = data.nodes.filter((node) => words && meets(node.name))
  const workloads = data.workloads.filter((workload) => meets(workload.name))
  const isNodeSearch = nodes.length > 0 && (workloads.length === 0 || !words)
  const shown = isNodeSearch ? nodes : data.nodes
  columns = grouped.checked
    ? classColumns(shown)
    : shown.map((node) => ({ title: node.name, node: node.name, index: node.index }))
  const hasReason = (workload) =>
    !reason.value || columns.some(({ index }) => outcomeOf(workload, index).reason === reason.value)
  rows = (isNodeSearch ? data.workloads : workloads).filter(
    (workload) => verdicts.has(workload.verdict) && hasReason(workload),
  )
  document.getElementById('shown').textContent =
    `${rows.length} of ${data.workloads.length} workloads, ${columns.length} ${grouped.checked ? 'classes' : 'nodes'}`
  here = {
    row: Math.min(here.row, Math.max(0, rows.length - 1)),
    column: Math.min(here.column, Math.max(0, columns.length - 1)),
  }
  matrix.setAttribute('aria-rowcount', rows.length)
  matrix.setAttribute('aria-colcount', columns.length)
  resize()
  draw()
}

function classColumns(nodes) {
  const members = Map.groupBy(nodes, ({ index }) => index)
  return [...members].map(([index, group]) => ({
    title: group.length > 1 ? `${group.length} × ${group[0].name}` : group[0].name,
    node: group.map(({ name }) => name).join(', '),
    index,
  }))
}

function outcomeOf(workload, index) {
  return data.outcomes[data.rows[workload.row][index]]
}

function signOf({ starts, mayLand }) {
  if (!mayLand) return ['·', 'out']
  return starts === null ? ['?', 'maybe'] : starts ? ['✓', 'yes'] : ['✗', 'no']
}

function draw() {
  const { scrollTop, scrollLeft, clientHeight, clientWidth } = matrix
  const firstRow = Math.floor(scrollTop / ROW_HEIGHT)
  const firstColumn = Math.floor(scrollLeft / COLUMN_WIDTH)
  const seenRows = rows.slice(firstRow, firstRow + Math.ceil((clientHeight - HEAD_HEIGHT) / ROW_HEIGHT) + 1)
  const seenColumns = columns.slice(firstColumn, firstColumn + Math.ceil((clientWidth - nameWidth) / COLUMN_WIDTH) + 1)
  const parts = []
  seenRows.forEach((workload, offset) => {
    const row = firstRow + offset
    const top = HEAD_HEIGHT + row * ROW_HEIGHT
    seenColumns.forEach((column, across) => {
      const at = firstColumn + across
      const outcome = outcomeOf(workload, column.index)
      const [sign, kind] = signOf(outcome)
      const isHere = isChosen && row === here.row && at === here.column
      parts.push(
        `<div role="gridcell" id="c${row}-${at}" class="cell ${kind}${isHere ? ' here' : ''}"${isHere ? ` aria-label="${escapeHtml(`${workload.name} on ${column.title}: ${outcome.starts ? 'starts' : outcome.reason}`)}"` : ''} style="top:${top}px;left:${nameWidth + at * COLUMN_WIDTH}px;width:${COLUMN_WIDTH}px;height:${ROW_HEIGHT}px">${sign}</div>`,
      )
    })
    const [sign, kind, word] = VERDICTS[workload.verdict]
    parts.push(
      `<div role="rowheader" class="row" data-row="${row}" title="${escapeHtml(workload.name)}" style="top:${top}px;left:${scrollLeft}px;width:${nameWidth}px;height:${ROW_HEIGHT}px"><span class="verdict ${kind}" title="${word}">${sign}</span><span class="name">${escapeHtml(workload.name)}</span><span class="count">${workload.starting} of ${workload.eligible}</span></div>`,
    )
  })
  seenColumns.forEach((column, across) => {
    const left = nameWidth + (firstColumn + across) * COLUMN_WIDTH
    parts.push(
      `<div role="columnheader" class="column" title="${escapeHtml(column.node)}" style="top:${scrollTop}px;left:${left}px;width:${COLUMN_WIDTH}px;height:${HEAD_HEIGHT}px"><span>${escapeHtml(column.title)}</span></div>`,
    )
  })
  parts.push(
    `<div class="corner" style="top:${scrollTop}px;left:${scrollLeft}px;width:${nameWidth}px;height:${HEAD_HEIGHT}px">nodes →<br>workloads ↓<span class="count">starts on</span></div>`,
  )
  canvas.innerHTML = rows.length > 0 ? parts.join('') : '<div style="padding:1rem">Nothing matches these filters.</div>'
}

function choose(event) {
  const box = matrix.getBoundingClientRect()
  const [x, y] = [event.clientX - box.left, event.clientY - box.top]
  if (y < HEAD_HEIGHT) return
  const row = Math.floor((y + matrix.scrollTop - HEAD_HEIGHT) / ROW_HEIGHT)
  const column = x < nameWidth ? -1 : Math.floor((x + matrix.scrollLeft - nameWidth) / COLUMN_WIDTH)
  if (row >= rows.length || column >= columns.length) return
  go(row, column)
  document.body.classList.add('told')
}

const STEPS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-15, 0],
  PageDown: [15, 0],
  Home: [0, -1e9],
  End: [0, 1e9],
}

function move(event) {
  const step = STEPS[event.key] ?? (event.key === 'Enter' || event.key === ' ' ? [0, 0] : undefined)
  if (!step || rows.length === 0) return
  event.preventDefault()
  document.body.classList.add('told')
  const within = (value, count) => Math.max(0, Math.min(count - 1, value))
  if (!isChosen) go(here.row, Math.max(0, here.column))
  else go(within(here.row + step[0], rows.length), within(Math.max(0, here.column) + step[1], columns.length))
}

function go(row, column) {
  here = { row, column }
  isChosen = true
  const [top, left] = [row * ROW_HEIGHT, Math.max(0, column) * COLUMN_WIDTH]
  const { scrollTop, scrollLeft, clientHeight, clientWidth } = matrix
  if (top < scrollTop) matrix.scrollTop = top
  if (top + ROW_HEIGHT > scrollTop + clientHeight - HEAD_HEIGHT)
    matrix.scrollTop = top + ROW_HEIGHT - clientHeight + HEAD_HEIGHT
  if (left < scrollLeft) matrix.scrollLeft = left
  if (left + COLUMN_WIDTH > scrollLeft + clientWidth - nameWidth)
    matrix.scrollLeft = left + COLUMN_WIDTH - clientWidth + nameWidth
  draw()
  matrix.setAttribute('aria-activedescendant', `c${row}-${column}`)
  tell(rows[row], columns[column])
}

/** Paper shows no matrix, but what is in it now, with all reasons. */
function print() {
  const body = rows.map(({ name, verdict, starting, eligible, reasons, fixes }) => {
    const why = [...reasons, ...fixes.slice(0, 1).map((fix) => `Fix: ${fix}`)].map(breakable).join('<br>')
    return [VERDICTS[verdict][2], breakable(name), `${starting} of ${eligible}`, why]
  })
  document.getElementById('print').innerHTML = table(['Verdict', 'Workload', 'Starts on', 'Why'], body)
  for (const id of ['images', 'nodes', 'findings']) document.getElementById(id).open = true
  fillNow('nodes', nodeTable)
}

start()
performance.mark('ready')
