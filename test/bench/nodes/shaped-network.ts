import { execFileSync } from 'node:child_process'

/** A machine of a network: its address, and what a command must be preceded by to run on it. */
export interface ShapedHost {
  readonly address: string
  readonly enter: readonly string[]
}

/**
 * Hosts on one switch, each a network namespace whose link is shaped both ways, in Mbit/s. Wants to be root of a network
 * and mount namespace of its own (`unshare --net --mount`), with which all of it ends.
 */
export class ShapedNetwork {
  #hosts = 0

  constructor() {
    run('mount', '--make-rprivate', '/')
    run('mkdir', '-p', '/run/netns')
    run('mount', '-t', 'tmpfs', 'none', '/run/netns')
    run('ip', 'link', 'set', 'lo', 'up')
    run('ip', 'link', 'add', 'switch', 'type', 'bridge')
    run('ip', 'link', 'set', 'switch', 'up')
  }

  add(mbit: number): ShapedHost {
    const index = ++this.#hosts
    const name = `host${index}`
    const enter = ['ip', 'netns', 'exec', name]
    const address = `10.77.${index >> 8}.${index & 255}`
    run('ip', 'netns', 'add', name)
    run('ip', 'link', 'add', `port${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    run('ip', 'link', 'set', `port${index}`, 'master', 'switch', 'up')
    run(...enter, 'ip', 'address', 'add', `${address}/16`, 'dev', 'eth0')
    run(...enter, 'ip', 'link', 'set', 'lo', 'up')
    run(...enter, 'ip', 'link', 'set', 'eth0', 'up')
    shape([], `port${index}`, mbit)
    shape(enter, 'eth0', mbit)
    return { address, enter }
  }
}

function shape(enter: readonly string[], device: string, mbit: number): void {
  run(
    ...enter,
    'tc',
    'qdisc',
    'add',
    'dev',
    device,
    'root',
    'tbf',
    'rate',
    `${mbit}mbit`,
    'burst',
    '64kb',
    'latency',
    '50ms',
  )
}

function run(...[program = '', ...args]: string[]): void {
  execFileSync(program, args)
}
