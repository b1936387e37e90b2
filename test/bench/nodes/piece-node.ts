// A node of test/bench/many-nodes.ts: brings a blob to itself, whole from one server, or in pieces from other nodes and,
// where none of those asked has one that it can give, from the server; as docs/simulate-seeding.js assumes. It says
// "ready" when it listens, starts on a line of stdin, and says how long it took.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface PieceNode {
  /** The blob's URL at the server that this node asks. */
  readonly blob: string
  readonly digest: string
  readonly size: number
  /** Where the other nodes are; none means that the blob comes whole from the server. */
  readonly peers: readonly string[]
  /** Where this node hands out what it has. */
  readonly port: number
}

const PIECES = 64
const ASKED = 8
/** One that comes and one that is asked for, so that the link never waits for an answer. */
const AT_ONCE = 2

const node = JSON.parse(process.argv[2] ?? '') as PieceNode
const pieceSize = Math.ceil(node.size / PIECES)
const content = Buffer.alloc(node.size)
const held = new Set<number>()
const wanted = new Set(Array.from({ length: PIECES }, (_, piece) => piece))
let passedOn = 0

const server = createServer((request, response) => {
  const piece = Number(request.url?.slice(1))
  if (request.url === '/held') return void response.end(JSON.stringify([...held]))
  if (!held.has(piece) || passedOn > 0) return void response.writeHead(503).end()
  passedOn++
  response.on('close', () => passedOn--)
  response.end(content.subarray(piece * pieceSize, (piece + 1) * pieceSize))
})
server.listen(node.port, '0.0.0.0')
await once(server, 'listening')
console.log('ready')
await once(process.stdin, 'data')
const started = performance.now()
if (node.peers.length === 0) await fetchWhole()
else await Promise.all(Array.from({ length: AT_ONCE }, fetchPieces))
const seconds = (performance.now() - started) / 1000
const found = `sha256:${createHash('sha256').update(content).digest('hex')}`
if (found !== node.digest) throw new Error(`${found} came, not ${node.digest}`)
console.log(JSON.stringify({ seconds }))

async function fetchWhole(): Promise<void> {
  const response = await fetch(node.blob)
  let at = 0
  for await (const chunk of response.body ?? []) {
    content.set(chunk, at)
    at += chunk.length
  }
}

async function fetchPieces(): Promise<void> {
  while (wanted.size > 0) {
    if (!((await fromPeers()) || (await fromServer()))) await sleep(20)
  }
}

async function fromPeers(): Promise<boolean> {
  for (let asked = 0; asked < ASKED; asked++) {
    const peer = node.peers[Math.floor(Math.random() * node.peers.length)] ?? ''
    const theirs = await askOf<number[]>(`${peer}/held`, async (response) => (await response.json()) as number[])
    const piece = take(theirs ?? [])
    if (piece === undefined) continue
    if (await askOf(`${peer}/${piece}`, (response) => receive(piece, response))) return true
    if (!held.has(piece)) wanted.add(piece)
  }
  return false
}

/** A full link also drops what looks for a host: who does not answer then is passed by. */
async function askOf<T>(
  url: string,
  read: (response: Response) => Promise<T>,
  headers: Record<string, string> = {},
): Promise<T | undefined> {
  try {
    return await read(await fetch(url, { headers }))
  } catch {
    return undefined
  }
}

async function fromServer(): Promise<boolean> {
  const piece = take([...wanted])
  if (piece === undefined) return false
  const last = Math.min((piece + 1) * pieceSize, node.size) - 1
  const headers = { range: `bytes=${piece * pieceSize}-${last}` }
  const isHere = await askOf(node.blob, (response) => receive(piece, response), headers)
  if (!isHere) wanted.add(piece)
  return isHere === true
}

/** One of these pieces that is still wanted, by chance; nobody else of this node fetches it then. */
function take(pieces: readonly number[]): number | undefined {
  const missing = pieces.filter((piece) => wanted.has(piece))
  const piece = missing[Math.floor(Math.random() * missing.length)]
  if (piece !== undefined) wanted.delete(piece)
  return piece
}

async function receive(piece: number, response: Response): Promise<boolean> {
  if (!response.ok) {
    await response.body?.cancel()
    wanted.add(piece)
    return false
  }
  content.set(new Uint8Array(await response.arrayBuffer()), piece * pieceSize)
  held.add(piece)
  return true
}
