import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { RUNS } from './test/support/property.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/support/global-setup.ts',
    // Only what hangs is ended: on a machine that does much else, runs of the program take minutes.
    testTimeout: 600_000 * RUNS,
    hookTimeout: 600_000,
    disableConsoleIntercept: true,
    // Where the node script notes what it brought into docker's and podman's images.
    env: { NODESEED_BROUGHT: fileURLToPath(new URL('.cache/brought', import.meta.url)) },
    // One more than the two cores: many tests wait for real servers, for what they retry and for what they end.
    maxWorkers: 3,
  },
})
