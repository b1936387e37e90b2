import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { spawnTool } from './debian.ts'
import { temporaryDirectory } from './temporary.ts'

/** A real forward proxy that asks for a user; for http it forwards requests, for https it makes tunnels. */
export interface Tinyproxy {
  /** `127.0.0.1:<port>`. */
  readonly host: string
  /** What it wrote of its work. */
  log(): Promise<string>
}

/** Needs `tinyproxy`; it ends with the test. */
export async function startTinyproxy(user: string, password: string): Promise<Tinyproxy> {
  const directory = await temporaryDirectory()
  const [config, log, port] = [join(directory, 'config'), join(directory, 'log'), await freePort()]
  await writeFile(
    config,
    `Port ${port}\nListen 127.0.0.1\nTimeout 30\nLogFile "${log}"\nLogLevel Connect\nBasicAuth ${user} ${password}\n`,
  )
  const proxy = spawnTool('tinyproxy', ['-d', '-c', config])
  onTestFinished(async () => {
    proxy.kill()
    if (proxy.exitCode === null && proxy.signalCode === null) await once(proxy, 'exit')
  })
  for (let tries = 0; tries < 100 && !(await answers(port)); tries++) await sleep(50)
  return { host: `127.0.0.1:${port}`, log: () => readFile(log, 'utf8') }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
