// How long it takes until every node holds the images: one server, k servers behind one Service, or nodes that pass
// pieces on to each other. A model, not a measurement; `sudo node test/bench/many-nodes.ts` holds it against real
// servers and nodes on shaped links. Run: node docs/simulate-seeding.js [GIGABYTES] [--unpack MB_PER_S] [--nodes 10,50]
//
// Time goes in slots: what a node's link needs for one piece. In a slot a node receives at most one piece and passes on
// at most one; a server sends as many as its link is wider. Nodes ask a few others by chance, as gossip does, and the
// servers while they have room.
import { parseArgs } from 'node:util'

const PIECES = 64
const ASKED = 8
/** How much longer it takes when nodes ask each other by chance, and not in slots: measured with 10. */
const CHANCE = 1.5
/** Layers are unpacked one after the other, each when it is there; so many of one size are assumed. */
const LAYERS = 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '10,100,1000,10000' },
    servers: { type: 'string', default: '1,3,10' },
    'node-gbit': { type: 'string', default: '1' },
    'server-gbit': { type: 'string', default: '10' },
    // What Ethernet, IP and TCP leave of a link's bits for content: 1448 bytes of 1514.
    goodput: { type: 'string', default: '0.956' },
    // What a node unpacks in a second, in megabytes of what was sent. Without it unpacking takes no time.
    unpack: { type: 'string', default: 'Infinity' },
    json: { type: 'boolean', default: false },
  },
})
const gigabytes = Number(positionals[0] ?? 2)
const nodeGbit = Number(values['node-gbit'])
const serverGbit = Number(values['server-gbit'])
const goodput = Number(values.goodput)
const linkSeconds = (gigabytes * 8) / (nodeGbit * goodput)
const unpackSeconds = (gigabytes * 1000) / Number(values.unpack)
const serverCounts = values.servers.split(',').map(Number)
const random = generator(1)

const rows = values.nodes.split(',').map((text) => {
  const nodes = Number(text)
  const shared = serverCounts.map((servers) => unpacked(sharedSeconds(nodes, servers)))
  return { nodes, shared, peers: unpacked(peerSeconds(nodes) * CHANCE) }
})
if (values.json) console.log(JSON.stringify(rows))
else {
  console.log(`${gigabytes} GB for each node; nodes ${nodeGbit} Gbit/s, servers ${serverGbit} Gbit/s\n`)
  const names = serverCounts.map((count) => (count === 1 ? 'one server' : `${count} servers`))
  console.log(`| nodes | ${[...names, 'peer-to-peer, one server'].join(' | ')} |`)
  console.log(`|${'---|'.repeat(names.length + 2)}`)
  for (const { nodes, shared, peers } of rows) {
    console.log(`| ${[nodes, ...[...shared, peers].map(duration)].join(' | ')} |`)
  }
}

/** Servers share the work evenly; no node is faster than its link. */
function sharedSeconds(nodes, servers) {
  return Math.max((nodes * gigabytes * 8) / (servers * serverGbit * goodput), linkSeconds)
}

/** Unpacking goes along with receiving: one layer of the slower of the two is not hidden behind the other. */
function unpacked(receiving) {
  return Math.max(receiving + unpackSeconds / LAYERS, receiving / LAYERS + unpackSeconds)
}

function peerSeconds(nodes) {
  const held = Array.from({ length: nodes }, () => new Uint8Array(PIECES))
  const counts = new Uint32Array(nodes)
  let complete = 0
  let slots = 0
  for (; complete < nodes; slots++) {
    const sent = new Uint8Array(nodes)
    const before = held.map((pieces, node) => (counts[node] === 0 ? undefined : pieces.slice()))
    let serverRoom = serverGbit / nodeGbit
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
  return (slots * linkSeconds) / PIECES
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
