import type { Method } from '../contract/method.ts'

/** A containerd that is no distribution's: the script takes it when its socket is named. */
export const ctr = {
  name: 'ctr',
  script: { does: 'import into the containerd at --address', isLookedFor: false, isForLoad: false },
} as const satisfies Method
