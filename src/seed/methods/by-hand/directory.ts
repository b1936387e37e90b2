import type { Method } from '../contract/method.ts'

/** The directory whose archives a distribution imports by itself. */
export const directory = {
  name: 'directory',
  readme: { node: 'k3s, RKE2, k0s, from their image directory', how: '`sh seed.sh --method directory BUNDLE`' },
  script: {
    does: 'into the image directory of k3s, RKE2 or k0s, which import it at every start',
    isLookedFor: false,
    isForLoad: true,
  },
} as const satisfies Method
