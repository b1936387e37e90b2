import { Flags } from '@oclif/core'

/** Flags of every command that calls the user's own kubectl. */
export const kubectlFlags = {
  context: Flags.string({ description: 'context of the kubeconfig', helpValue: 'NAME' }),
  kubectl: Flags.string({
    description: "kubectl to use, such as 'k3s kubectl'",
    default: 'kubectl',
    helpValue: 'CMD',
  }),
}

/** Those flags as a program with its first arguments, and a context for it. */
export function kubectlOf({ kubectl, context }: { kubectl: string; context?: string | undefined }) {
  return { command: kubectl.split(/\s+/).filter(Boolean), ...(context !== undefined && { context }) }
}
