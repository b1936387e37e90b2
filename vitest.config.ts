import { defineConfig } from 'vitest/config'
import { RUNS } from './test/support/property-runs.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/support/global-setup.ts',
    testTimeout: 60_000 * RUNS,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
    // Two cores, and tests that run real servers: more workers only make each other late.
    maxWorkers: 2,
  },
})
