// Runs in the browser. The data are classes: a row of verdicts for each class of equal pods, a column for each class of
// equal nodes.
const data = JSON.parse(document.getElementById('data').textContent)
const VERDICTS = {
  safe: ['✓', 'yes', 'safe'],
  atRisk: ['!', 'no', 'at risk'],
  impossible: ['✗', 'no', 'impossible'],
  unknown: ['?', 'maybe', 'unknown'],
}

const [search, reason, grouped] = ['search', 'reason', 'grouped'].map((id) => document.getElementById(id))

function start() {
  tellAbout()
  tellCauses()
  const counts = Object.entries(VERDICTS).map(([verdict, [, , word]]) => [
    verdict,
    word,
    data.workloads.filter((one) => one.verdict === verdict).length,
  ])
  document.getElementById('summary').textContent =
    `${count(data.workloads.length, 'workload')} on ${count(data.nodes.length, 'node')}: ${data.summary}`
  for (const [verdict, word, count] of counts) {
    const label = document.createElement('label')
    label.innerHTML = `<input type="checkbox" value="${verdict}" checked> ${word} (${count})`
    document.getElementById('verdicts').append(label)
  }
  for (const name of [...new Set(data.outcomes.map((outcome) => outcome.reason).filter(Boolean))].sort())
    reason.append(new Option(name, name))
  document.getElementById('filters').addEventListener('input', filter)
  document.getElementById('filters').addEventListener('submit', (event) => event.preventDefault())
  matrix.addEventListener('scroll', drawSoon)
  matrix.addEventListener('click', choose)
  matrix.addEventListener('keydown', move)
  document.getElementById('close').addEventListener('click', () => document.body.classList.remove('told'))
  addEventListener('keydown', ({ key }) => key === 'Escape' && document.body.classList.remove('told'))
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

/** What is in the matrix now. A search that meets node names narrows the columns; else it narrows the rows. */
function filter() {
  const words = search.value.trim().toLowerCase()
  const verdicts = new Set([...document.querySelectorAll('#verdicts input:checked')].map((box) => box.value))
  const meets = (text) => text.toLowerCase().includes(words)
  const nodes = data.nodes.filter((node) => words && meets(node.name))
  const workloads = data.workloads.filter((workload) => meets(workload.name))
  const isNodeSearch = nodes.length > 0 && (workloads.length === 0 || !words)
  const shown = isNodeSearch ? nodes : data.nodes
  const columns = grouped.checked
    ? classColumns(shown)
    : shown.map((node) => ({ title: node.name, node: node.name, index: node.index }))
  const indexes = [...new Set(columns.map(({ index }) => index))]
  const isMeant = data.rows.map(
    (cells) => !reason.value || indexes.some((index) => data.outcomes[cells[index]].reason === reason.value),
  )
  const rows = (isNodeSearch ? data.workloads : workloads).filter(
    (workload) => verdicts.has(workload.verdict) && isMeant[workload.row],
  )
  const across = grouped.checked ? count(columns.length, 'class', 'classes') : count(columns.length, 'node')
  document.getElementById('shown').textContent =
    `${rows.length} of ${count(data.workloads.length, 'workload')}, ${across}`
  show(rows, columns)
}

function classColumns(nodes) {
  const members = Map.groupBy(nodes, ({ index }) => index)
  return [...members].map(([index, group]) => ({
    title: group.length > 1 ? `${group.length} × ${group[0].name}` : group[0].name,
    node: listNames(group.map(({ name }) => name)),
    index,
  }))
}

/**
 * Paper shows no matrix, but what is in it now, and that this is not all where filters say so: with all causes and reasons,
 * which workloads that fail in the same way share.
 */
function print() {
  const lines = rows.map(({ name, verdict, starting, eligible, reasons, fixes }) => {
    const why = [...reasons, ...fixes.slice(0, 1).map((fix) => `Fix: ${fix}`)].map(breakable).join('<br>')
    return { name: breakable(name), cells: [VERDICTS[verdict][2], `${starting} of ${eligible}`, why] }
  })
  const alike = Map.groupBy(lines, ({ name, cells }) => (cells[2] === '' ? name : cells.join('\n')))
  const body = [...alike.values()].map((group) => {
    const [verdict, starts, why] = group[0].cells
    return [verdict, group.map(({ name }) => name).join('<br>'), starts, why]
  })
  const part = `<p><strong>Not all: ${rows.length} of ${count(data.workloads.length, 'workload')}, as the filters of the page say.</strong></p>`
  document.getElementById('print').innerHTML =
    (rows.length < data.workloads.length ? part : '') + table(['Verdict', 'Workload', 'Starts on', 'Why'], body)
  for (const details of document.querySelectorAll('details')) details.open = true
  fillNow('nodes', nodeTable, data.nodes.length)
  fillNow('findings', findingTable, data.findings.length)
  fillNow('images', imageTable, data.named.length)
}

start()
performance.mark('ready')
