import type { Code } from './code.ts'

/**
 * Every failure we foresee, and the exit code of a run that it ends: 2 input, 3 surroundings (registry, disk, network,
 * cluster), 4 the answer is no. Codes that the OCI distribution-spec has are spelled as there.
 */
export const ERROR_CODES = {
  INPUT_NOT_FOUND: error(2, {
    title: 'An input is not there',
    help: 'The file or directory that was named does not exist where the command runs.',
    action: 'Check the spelling of the path, and the directory that the command runs in.',
  }),
  INPUT_UNREADABLE: error(2, {
    title: 'An input cannot be read',
    help: 'Something is there and cannot be read. Below manifests, images that only it names would be missing where nobody looks for them, so nothing is written.',
    action:
      'Fix the file or its permissions, or name another; manifests that hold nothing that runs can be left out with .nodeseedignore.',
  }),
  INPUT_INVALID: error(2, {
    title: 'An input is not what it should be',
    help: 'The file could be read, and does not hold what the command needs from it.',
    action: 'Correct what the message names, or give the file that the command asks for: nodeseed COMMAND --help',
  }),
  REFERENCE_INVALID: error(2, {
    title: 'Not an image reference',
    help: 'The kubelet reports InvalidImageName for such a text, and no registry can be asked for it.',
    action: 'Write it as registry/repository:tag, the repository in lower case.',
  }),
  PLATFORM_INVALID: error(2, {
    title: 'Not a platform',
    help: 'A platform is an operating system and an architecture as Go spells them.',
    action: 'Write os/architecture, such as linux/amd64 or linux/arm64.',
  }),
  OUTPUT_EXISTS: error(2, {
    title: 'The output is there already',
    help: 'Nothing is replaced unless that is asked for: what lies there may be the only copy.',
    action: 'Choose another place, or replace it with --force.',
  }),
  TLS_INVALID: error(2, {
    title: 'A certificate or key cannot be used',
    help: 'Certificate and key have to be PEM, and belong together.',
    action: 'Give a certificate and the key that it was made for, both in PEM.',
  }),
  PATCH_UNFAITHFUL: error(2, {
    title: 'The patched manifests would say something else',
    help: 'What is to be written is read again first, and is not the input with the changes, document for document. Nothing is written.',
    action: 'Patch the files one at a time, or write a component beside them: nodeseed patch --output DIR.',
  }),
  USAGE: error(2, {
    title: 'The command line cannot be understood',
    help: 'A command, flag or argument is unknown, missing or contradicts another.',
    action: 'See what the command takes: nodeseed COMMAND --help',
  }),
  REGISTRY_UNREACHABLE: error(3, {
    title: 'A registry does not answer',
    help: 'The name cannot be looked up, nothing listens there, a proxy or a certificate is in the way, or the connection broke.',
    action: 'Check the network, the proxy settings and the name of the registry, and run the same command again.',
  }),
  REGISTRY_ERROR: error(3, {
    title: 'A registry answers with an error',
    help: 'The registry was reached, and said something that is no success and no clear refusal.',
    action: 'Run the same command again later, or use a mirror with --mirror.',
  }),
  UNAUTHORIZED: error(3, {
    title: 'A registry asks for credentials',
    help: 'Without credentials, or with those that were found, the registry gives nothing. Some registries say so for repositories that do not exist too.',
    action: 'Run: docker login REGISTRY; check the spelling of the repository.',
  }),
  DENIED: error(3, {
    title: 'A registry denies access',
    help: 'The credentials are known, and the account may not do this.',
    action: 'Check that the account may pull this repository, and the spelling of its name.',
  }),
  MANIFEST_UNKNOWN: error(3, {
    title: 'A registry does not have the image',
    help: 'Repository or tag are not there. A private repository may answer so to whoever may not see it.',
    action: 'Check the spelling of repository and tag; a private one may hide itself so.',
  }),
  BLOB_UNKNOWN: error(3, {
    title: 'A registry does not have a part of the image',
    help: 'The manifest is there and names a layer or configuration that is not: the image is broken at its source.',
    action: 'Have the image pushed again, or take it from a mirror with --mirror.',
  }),
  TOOMANYREQUESTS: error(3, {
    title: 'A registry limits requests',
    help: 'Registries count requests for an account or an address, and refuse those beyond a number for some hours.',
    action: 'Log in with docker login REGISTRY for a higher limit, take a mirror with --mirror, or run it again later.',
  }),
  UNSUPPORTED: error(3, {
    title: 'Something that cannot be carried',
    help: 'The content is of a kind that this program does not handle, such as Docker schema 1.',
    action: 'Leave it out, or have it published in a form of the OCI image specification.',
  }),
  PLATFORM_UNAVAILABLE: error(3, {
    title: 'An image is not made for a platform',
    help: 'Nodes of that platform could not run it, so a bundle without it would not be whole.',
    action: 'Choose other platforms with --platform, or bundle this image by itself with those that it has.',
  }),
  IMAGES_FAILED: error(3, {
    title: 'Some images could not be had',
    help: 'Each failure is listed with its cause. Nothing is written that would look whole and is not.',
    action: 'Fix the errors above and run the same command again: it goes on with what has arrived.',
  }),
  TIMED_OUT: error(3, {
    title: 'The time that was given is over',
    help: 'What has arrived is kept, so the next run begins where this one ended.',
    action: 'Run the same command again: it goes on with what has arrived. Or give it more time.',
  }),
  STORE_UNREADABLE: error(3, {
    title: 'The images of this machine cannot be read',
    help: "The stores of docker, podman and containerd are read through their own programs, with this user's rights. The program is not here, its daemon does not run, or it failed.",
    action: 'Install or start it, or save the image where it is and name that file with --from.',
  }),
  KUBECTL_MISSING: error(3, {
    title: 'There is no kubectl',
    help: 'Clusters are read through your own kubectl, with your own rights.',
    action: "Install kubectl, or name yours with --kubectl, such as --kubectl 'k3s kubectl'.",
  }),
  CLUSTER_UNREACHABLE: error(3, {
    title: 'The cluster does not answer',
    help: 'There is a kubectl, and its API server does not answer.',
    action: 'See whether kubectl get nodes answers; choose another cluster with --context.',
  }),
  CLUSTER_ERROR: error(3, {
    title: 'The cluster answers with an error',
    help: 'The API server was reached and did not give what was asked for, most often for want of rights.',
    action: 'Check your rights: kubectl auth can-i list nodes; see examples/audit/read-only.yaml.',
  }),
  KUBECTL_FAILED: error(3, {
    title: 'A kubectl command ended with an error',
    help: 'The message quotes the words of kubectl; the cause lies with the cluster or with your rights there.',
    action: 'Run the same kubectl command by hand and fix what it says.',
  }),
  NODE_FAILED: error(3, {
    title: 'This machine cannot take the images',
    help: 'Its container runtime is not there or does not answer, a program that it needs is missing, or there is too little room. Nothing is said of images: they were not looked for.',
    action: 'Fix what the message names, such as a runtime that is stopped, and run the same command again.',
  }),
  DISK_FULL: error(3, {
    title: 'The disk is full',
    help: 'There is no room for what is to be written.',
    action: 'Make room, or write to another disk, and run the same command again.',
  }),
  DISK_ERROR: error(3, {
    title: 'A file cannot be read or written',
    help: 'The operating system refuses to write there, or the disk reports an error.',
    action: 'Write to a directory that is there and that you may write to.',
  }),
  LISTEN_FAILED: error(3, {
    title: 'The address cannot be listened on',
    help: 'Another program has the port, or this user may not take it.',
    action: 'Choose another address with --listen.',
  }),
  LEFT_OUT: error(4, {
    title: 'Something is left out that is not allowed to be',
    help: 'With --strict nothing is written as long as something of the inputs is neither used nor allowed to be left out.',
    action: 'Do what is said of each omission; or allow it with --allow CODE, or name its file in .nodeseedignore.',
  }),
  SIGNATURES_REFUSED: error(4, {
    title: 'Images are not signed as the policy asks',
    help: 'With --verify nothing is written as long as an image has no signature that satisfies the policies which cover it. Each is named with the reason.',
    action:
      'Have the images signed, take the digests that are, or let the policy pass them with mode: warn; docs/signatures.md has the form.',
  }),
  CONTENT_MISMATCH: error(4, {
    title: 'Content is not what its digest says',
    help: 'What arrived differs from what was promised: damaged on the way, or changed by somebody. It is never used.',
    action: 'Run the same command again; if it stays so, ask whoever runs the registry or the proxy between.',
  }),
  BUNDLE_INVALID: error(4, {
    title: 'Not a bundle, or not a whole one',
    help: 'What stands where a bundle belongs, or a bundle or a lock, is something else, or a part of it is missing, changed or damaged. Nothing is taken out of it, whichever command reads it.',
    action: 'Copy it again from where it was made, and check it there with: nodeseed verify FILE',
  }),
} as const

type ErrorRow = Code & { readonly exitCode: 2 | 3 | 4 }

function error(exitCode: ErrorRow['exitCode'], row: Pick<Code, 'title' | 'help' | 'action'>): ErrorRow {
  return { kind: 'error', severity: 'error', exitCode, ...row }
}
