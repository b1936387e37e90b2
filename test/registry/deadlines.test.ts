import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { createDispatcher } from '../../src/registry/http/dispatcher.ts'
import { StalledError, sendRequest } from '../../src/registry/http/send-request.ts'
import { listenOn } from '../support/writable-registry.ts'

/** Every 10 ms something, for as long as somebody listens. */
function keepOn(response: ServerResponse, more: () => void): void {
  const timer = setInterval(more, 10)
  response.on('close', () => clearInterval(timer))
}

async function send(answer: (response: ServerResponse) => void, body?: () => AsyncIterable<Uint8Array>) {
  const host = await listenOn((request, response) => {
    request.resume()
    answer(response)
  })
  const dispatcher = createDispatcher({}, { connectTimeout: 2000 })
  onTestFinished(() => dispatcher.destroy())
  const request = { url: new URL(`http://${host}/`), method: body ? 'PUT' : 'GET', headers: {}, body } as const
  return sendRequest(dispatcher, request, { headTimeout: 300, bodyTimeout: 300, answerTimeout: 900 })
}

test('answers that promise an answer prolong no wait', async () => {
  const asking = send((response) => keepOn(response, () => response.writeProcessing()))
  await expect(asking).rejects.toThrow(new StalledError('no answer for 0.3 s'))
})

test('a document that goes on and on, fast enough, ends at the time for the whole', async () => {
  const asking = send((response) => keepOn(response, () => response.write(Buffer.alloc(4096))))
  await expect(asking).rejects.toThrow(new StalledError('no end for 0.9 s'))
})

test('an upload that moves is waited for, and what its source throws is thrown', async () => {
  const chunks = async function* (count: number) {
    for (let index = 0; index < count; index++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      yield Buffer.alloc(1000)
    }
  }
  const done = (response: ServerResponse) => void response.req.on('end', () => response.writeHead(201).end())
  expect((await send(done, () => chunks(20))).status).toBe(201)
  const broken = async function* () {
    yield* chunks(2)
    throw new Error('the disk is gone')
  }
  await expect(send(done, broken)).rejects.toThrow('the disk is gone')
})
