// The matrix; the same script as page.js. Its lines and cells are made once for the window that can be seen, and from then
// on only what differs in them is changed: thousands of nodes scroll as well as ten do.
const [ROW_HEIGHT, COLUMN_WIDTH, HEAD_HEIGHT] = [24, 24, 120]
/** So many lines and columns beyond each edge are there before they are scrolled to. */
const BEYOND = 3

const matrix = document.getElementById('matrix')
const canvas = document.getElementById('canvas')

let rows = []
let columns = []
let here = { row: 0, column: 0 }
let isChosen = false
let nameWidth = 260
let lines = []
let heads = []

/** Shows these workloads by these columns. */
function show(someRows, someColumns) {
  rows = someRows
  columns = someColumns
  here = {
    row: Math.min(here.row, Math.max(0, rows.length - 1)),
    column: Math.min(here.column, Math.max(0, columns.length - 1)),
  }
  matrix.setAttribute('aria-rowcount', rows.length + 1)
  matrix.setAttribute('aria-colcount', columns.length + 1)
  resize()
  draw()
}

/** The names take the room that they need, and on a narrow screen less than half of it. */
function measure() {
  const pen = document.createElement('canvas').getContext('2d')
  pen.font = getComputedStyle(document.body).font
  const longest = data.workloads.reduce((most, { name }) => (name.length > most.length ? name : most), '')
  const wanted = pen.measureText(longest).width + pen.measureText('5000 of 5000').width + 52
  nameWidth = Math.round(Math.max(120, Math.min(wanted, matrix.clientWidth * (matrix.clientWidth < 640 ? 0.58 : 0.5))))
  canvas.style.setProperty('--names', `${nameWidth}px`)
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

/** Lines and cells for the window, if there are not as many yet. */
function prepare() {
  const seen = (room, size, all) => Math.min(all, Math.ceil(Math.max(0, room) / size) + 1 + 2 * BEYOND)
  const [lineCount, cellCount] = [
    seen(matrix.clientHeight - HEAD_HEIGHT, ROW_HEIGHT, rows.length),
    seen(matrix.clientWidth - nameWidth, COLUMN_WIDTH, columns.length),
  ]
  if (canvas.firstChild && lines.length === lineCount && heads.length === cellCount) return
  const cells = '<div role="gridcell" class="cell"> </div>'.repeat(cellCount)
  const row =
    '<div role="rowheader" class="row"><span class="verdict"> </span><span class="name"><span class="kind"> </span><span> </span></span><span class="count"> </span></div>'
  canvas.innerHTML = `<div id="heads" role="row" aria-rowindex="1"><div class="corner">nodes →<br>workloads ↓<span class="count">starts on</span></div><div class="across">${'<div role="columnheader" class="column"><span> </span></div>'.repeat(cellCount)}</div></div><div id="lines">${`<div role="row" class="line">${row}<div class="across">${cells}</div></div>`.repeat(lineCount)}</div><p id="nothing" hidden>Nothing matches these filters.</p>`
  heads = [...canvas.querySelectorAll('.column')]
  lines = [...canvas.querySelectorAll('.line')].map((line) => {
    const [head, across] = line.children
    const [verdict, name, starting] = head.children
    return { line, head, verdict, name, starting, shown: undefined, cells: [...across.children], kinds: [] }
  })
}

let isDrawing = false

/** At most once before the next frame. */
function drawSoon() {
  if (isDrawing) return
  isDrawing = true
  requestAnimationFrame(() => {
    isDrawing = false
    draw()
  })
}

function draw() {
  prepare()
  const first = (offset, size, all, count) => Math.max(0, Math.min(Math.floor(offset / size) - BEYOND, all - count))
  const firstRow = first(matrix.scrollTop, ROW_HEIGHT, rows.length, lines.length)
  const firstColumn = first(matrix.scrollLeft, COLUMN_WIDTH, columns.length, heads.length)
  document.getElementById('lines').style.transform = `translateY(${HEAD_HEIGHT + firstRow * ROW_HEIGHT}px)`
  const across = `translateX(${firstColumn * COLUMN_WIDTH}px)`
  for (const one of canvas.querySelectorAll('.across')) one.style.transform = across
  document.getElementById('nothing').hidden = rows.length > 0
  heads.forEach((head, at) => {
    const { title, node } = columns[firstColumn + at]
    if (head.title === node && head.textContent === title) return
    head.title = node
    head.firstChild.textContent = title
  })
  for (const [down, line] of lines.entries()) drawLine(line, firstRow + down, firstColumn)
}

function drawLine(line, row, firstColumn) {
  const workload = rows[row]
  if (line.shown !== workload) {
    const [sign, kind, word] = VERDICTS[workload.verdict]
    line.verdict.className = `verdict ${kind}`
    line.verdict.title = word
    line.verdict.textContent = sign
    line.head.title = workload.name
    const [kindOf, ...rest] = workload.name.split(' ')
    line.name.firstChild.textContent = `${kindOf} `
    line.name.lastChild.textContent = rest.join(' ')
    line.starting.textContent = `${workload.starting} of ${workload.eligible}`
    line.shown = workload
  }
  line.line.setAttribute('aria-rowindex', row + 2)
  line.cells.forEach((cell, across) => {
    const column = firstColumn + across
    const outcome = outcomeOf(workload, columns[column].index)
    const [sign, kind] = signOf(outcome)
    const isHere = isChosen && row === here.row && column === here.column
    const shown = isHere ? `cell ${kind} here` : `cell ${kind}`
    cell.id = `c${row}-${column}`
    if (line.kinds[across] !== shown) {
      cell.className = shown
      cell.firstChild.data = sign
      if (line.kinds[across]?.endsWith('here')) cell.removeAttribute('aria-label')
      line.kinds[across] = shown
    }
    if (isHere) {
      const answer = outcome.starts ? 'starts' : outcome.reason
      cell.setAttribute('aria-label', `${workload.name} on ${columns[column].title}: ${answer}`)
    }
  })
}

function outcomeOf(workload, index) {
  return data.outcomes[data.rows[workload.row][index]]
}

function signOf({ starts, mayLand }) {
  if (!mayLand) return ['·', 'out']
  return starts === null ? ['?', 'maybe'] : starts ? ['✓', 'yes'] : ['✗', 'no']
}

/** The first cell that fails, of the worst workload, is what is asked about first. */
function chooseWorst() {
  const row = rows.findIndex(({ verdict }) => verdict !== 'safe')
  if (row < 0) return
  const fails = ({ index }, mustLand) => {
    const { starts, mayLand } = outcomeOf(rows[row], index)
    return starts !== true && (mayLand || !mustLand)
  }
  const landing = columns.findIndex((column) => fails(column, true))
  const column = landing < 0 ? columns.findIndex((column) => fails(column, false)) : landing
  if (column >= 0) go(row, column)
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
  ControlHome: [-1e9, -1e9],
  ControlEnd: [1e9, 1e9],
  Enter: [0, 0],
  ' ': [0, 0],
}

function move(event) {
  const step = (event.ctrlKey && STEPS[`Control${event.key}`]) || STEPS[event.key]
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
