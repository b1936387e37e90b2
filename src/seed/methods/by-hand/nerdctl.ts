import type { Method } from '../contract/method.ts'

/** A containerd on a machine that has nerdctl and no ctr. */
export const nerdctl = {
  name: 'nerdctl',
  readme: {
    node: 'containerd, where only nerdctl is',
    how: '`sh seed.sh --method nerdctl BUNDLE`, which pins nothing',
  },
  script: {
    does: 'nerdctl load into the namespace k8s.io of containerd; pins nothing',
    isLookedFor: false,
    isForLoad: true,
  },
} as const satisfies Method
