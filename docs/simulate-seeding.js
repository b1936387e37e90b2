// How long it takes until every node holds the images: one server, k servers behind one Service, or nodes that pass
// pieces on to each other. A model, not a measurement. Run: node docs/simulate-seeding.js [GIGABYTES]
//
// Time goes in slots: what a node's link needs for one piece. In a slot a node receives at most one piece and passes on
// at most one; a server sends as many as its link is wider. Nodes ask a few others by chance, as gossip does, and the
// servers while they have room. Overhead, disks and unpacking are left out.
const NODE_GBIT = 1
const SERVER_GBIT = 10
const PIECES = 64
const ASKED = 8

const gigabytes = Number(process.argv[2] ?? 2)
const slotSeconds = (gigabytes * 8) / PIECES / NODE_GBIT
const random = generator(1)

console.log(`${gigabytes} GB for each node; nodes ${NODE_GBIT} Gbit/s, servers ${SERVER_GBIT} Gbit/s\n`)
console.log('| nodes | one server | 3 servers | 10 servers | peer-to-peer, one server |')
console.log('|---|---|---|---|---|')
for (const nodes of [10, 100, 1000, 10_000]) {
  const shared = [1, 3, 10].map((servers) => sharedSeconds(nodes, servers))
  console.log(`| ${[nodes, ...[...shared, peerSeconds(nodes)].map(duration)].join(' | ')} |`)
}

/** Servers share the work evenly; no node is faster than its link. */
function sharedSeconds(nodes, servers) {
  return Math.max((nodes * gigabytes * 8) / (servers * SERVER_GBIT), (gigabytes * 8) / NODE_GBIT)
}

function peerSeconds(nodes) {
  const held = Array.from({ length: nodes }, () => new Uint8Array(PIECES))
  const counts = new Uint32Array(nodes)
  let complete = 0
  let slots = 0
  for (; complete < nodes; slots++) {
    const sent = new Uint8Array(nodes)
    const before = held.map((pieces, node) => (counts[node] === 0 ? undefined : pieces.slice()))
    let serverRoom = SERVER_GBIT / NODE_GBIT
    for (const node of shuffled(nodes)) {
      if (counts[node] === PIECES) continue
      const piece =
        pieceFromPeers(node, { held, before, sent }) ?? (serverRoom-- > 0 ? missingPiece(held[node]) : undefined)
      if (piece === undefined) continue
      held[node][piece] = 1
      counts[node]++
      if (counts[node] === PIECES) complete++
    }
  }
  return slots * slotSeconds
}

/** A piece that one of a few others had before this slot and has not passed one on in it. */
function pieceFromPeers(node, { held, before, sent }) {
  for (let asked = 0; asked < ASKED; asked++) {
    const peer = Math.floor(random() * held.length)
    const offered = before[peer]
    if (peer === node || sent[peer] || !offered) continue
    const piece = missingPiece(held[node], offered)
    if (piece === undefined) continue
    sent[peer] = 1
    return piece
  }
  return undefined
}

function missingPiece(mine, offered) {
  const start = Math.floor(random() * PIECES)
  for (let step = 0; step < PIECES; step++) {
    const piece = (start + step) % PIECES
    if (!mine[piece] && (!offered || offered[piece])) return piece
  }
  return undefined
}

function shuffled(length) {
  const order = Uint32Array.from({ length }, (_, index) => index)
  for (let index = length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    ;[order[index], order[other]] = [order[other], order[index]]
  }
  return order
}

/** The same numbers every time, so that the table can be made again. Source: mulberry32. */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function duration(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
