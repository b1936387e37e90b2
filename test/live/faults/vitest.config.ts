import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../..', import.meta.url)),
    include: ['test/live/faults/*.live.ts'],
    globalSetup: './test/support/global-setup.ts',
    testTimeout: 600_000,
    maxWorkers: 1,
  },
})
