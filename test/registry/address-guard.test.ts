import { expect, onTestFinished, test } from 'vitest'
import { networkError } from '../../src/registry/failures/network-error.ts'
import {
  guardedLookup,
  lookUpNearness,
  nearnessOf,
  PrivateAddressError,
} from '../../src/registry/http/address-guard.ts'
import { createDispatcher } from '../../src/registry/http/dispatcher.ts'
import { sendRequest } from '../../src/registry/http/send-request.ts'
import { listenOn } from '../support/writable-registry.ts'

test.for<[nearness: number, ...hosts: string[]]>([
  [
    2,
    '127.0.0.1',
    '127.9.9.9',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.1',
    '127.0.0.1.',
  ],
  [2, '0.0.0.0', '0', '169.254.169.254', '0xA9FEA9FE', '[::]', '[::1]', '[fe80::1]', '[fe90::1]', '[febf::1]'],
  [2, 'localhost', 'LOCALHOST', 'localhost.', 'app.localhost', 'a.b.localhost.'],
  [
    2,
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[::ffff:0:127.0.0.1]',
  ],
  [
    1,
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.255',
    '0x0a000001',
    '012.0.0.1',
  ],
  [
    1,
    '[fc00::1]',
    '[fd12::1]',
    '[fec0::1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b:1::1]',
    '[2002:a00:1::]',
  ],
  [0, '8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.169.0.1', '11.0.0.1', '169.253.0.1'],
  [
    0,
    '[2001:db8::1]',
    '[::ffff:8.8.8.8]',
    '[64:ff9b::8.8.8.8]',
    '[2002:808:808::]',
    'registry.example',
    'localhost.example',
  ],
])('nearness %d: %s %s %s', ([nearness, ...hosts]) => {
  const found = hosts.map((host) => [host, nearnessOf(new URL(`http://${host}/`).hostname)])
  expect(found).toEqual(hosts.map((host) => [host, nearness]))
})

test('a name is as near as the farthest of its addresses; one without any is anywhere', async () => {
  expect(await lookUpNearness('localhost')).toBe(2)
  expect(await lookUpNearness('10.1.2.3')).toBe(1)
  expect(await lookUpNearness('no-such-name.invalid')).toBe(0)
})

test('a name that stands for an address of this machine is not looked up for who may not lead here', async () => {
  // The one name that surely stands for this machine, as every machine's own list of hosts has it.
  await expect(ask(0)).rejects.toBeInstanceOf(PrivateAddressError)
  await expect(ask(1)).rejects.toBeInstanceOf(PrivateAddressError)
  expect(await ask(2)).toMatch(/^(?:127\.|::1)/)
})

test('a connection is made to no address that is nearer than allowed, whatever name it has', async () => {
  const host = await listenOn((_request, response) => response.end())
  const url = new URL(`http://localhost:${host.split(':')[1]}/`)
  const send = async (allowed: 0 | 1 | 2) => {
    const dispatcher = createDispatcher({}, { connectTimeout: 2000, lookup: guardedLookup(allowed) })
    onTestFinished(() => dispatcher.destroy())
    const timeouts = { headTimeout: 2000, bodyTimeout: 2000 }
    return sendRequest(dispatcher, { url, method: 'GET', headers: {} }, timeouts)
  }
  const refused = await send(0).catch((error) => networkError({ registry: 'registry.example', what: 'blob x' }, error))
  expect(refused).toMatchObject({
    code: 'REGISTRY_ERROR',
    message: 'blob x: registry.example: leads to localhost, an address in a private network, and is not there itself',
  })
  expect((await send(2)).status).toBe(200)
})

function ask(allowed: 0 | 1 | 2): Promise<unknown> {
  return new Promise((resolve, reject) => {
    guardedLookup(allowed)('localhost', {}, (error, address) => (error ? reject(error) : resolve(address)))
  })
}
