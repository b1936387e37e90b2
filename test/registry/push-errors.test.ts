import { expect, onTestFinished, test } from 'vitest'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { listenOn } from '../support/writable-registry.ts'

/** What registries say, in their own words, and what is to be read of it. */
test.for<[who: string, status: number, body: object | string, problem: string, hint: string]>([
  [
    'ECR without the repository',
    404,
    error('NAME_UNKNOWN', "The repository with name 'team/app' does not exist in the registry with id '123'"),
    'there may be no team/app',
    'Create the repository team/app',
  ],
  [
    'Harbor without the project',
    404,
    error('NOT_FOUND', 'project team not found'),
    'has no project team',
    'Create the project team',
  ],
  [
    'Harbor without the project, elder',
    403,
    error('DENIED', 'project not found, name: team'),
    'has no project team',
    'Create the project team',
  ],
  [
    'Harbor above its quota',
    403,
    error(
      'DENIED',
      'adding 1.2 MiB of storage resource, which when updated to current usage of 9 MiB will exceed the configured upper limit of 10 MiB.',
    ),
    'has no room left',
    'Raise the quota',
  ],
  [
    'Quay above its quota',
    400,
    error('DENIED', 'Quota has been exceeded on namespace'),
    'has no room left',
    'Raise the quota',
  ],
  [
    'GAR with immutable tags',
    400,
    error('MANIFEST_INVALID', 'cannot update tag 1. The repository has enabled tag immutability'),
    'lets nobody change what is there',
    'Delete the tag',
  ],
  [
    'Nexus that lets nobody deploy again',
    400,
    error('UNKNOWN', 'Updating is not allowed: tag 1'),
    'lets nobody change what is there',
    'Delete the tag',
  ],
  [
    'a group of Nexus',
    403,
    error('DENIED', 'Deploying to groups is a PRO-licensed feature'),
    'takes no pushes there',
    'push to a repository that takes images',
  ],
  [
    'a virtual repository of Artifactory',
    403,
    error('DENIED', 'No local repository was configured as local deployment'),
    'takes no pushes there',
    'push to a repository that takes images',
  ],
  [
    'a name that is refused',
    400,
    error('NAME_INVALID', 'invalid repository name'),
    'does not take a repository of that name',
    '--rewrite PREFIX',
  ],
  ['a full disk', 507, '', 'has no room left', 'Raise the quota'],
  [
    'nginx before it',
    413,
    '<html><h1>413 Request Entity Too Large</h1></html>',
    'takes no upload of this size',
    'client_max_body_size',
  ],
  [
    'ECR with immutable tags',
    400,
    error(
      'TAG_INVALID',
      "The image tag '1' already exists in the 'team/app' repository and cannot be overwritten because the repository is immutable.",
    ),
    'lets nobody change',
    '--rewrite',
  ],
  [
    'Harbor with immutable tags',
    412,
    error('PRECONDITION', "Failed to process request due to 'app:1' configured as immutable."),
    'lets nobody change',
    '--rewrite',
  ],
  ['GitLab with protected tags', 403, error('DENIED', 'tag is protected'), 'lets nobody change', '--rewrite'],
  [
    'distribution as a proxy cache',
    405,
    error('UNSUPPORTED', 'The operation is unsupported.'),
    'takes no pushes',
    'proxy cache',
  ],
  [
    'an account that may only pull',
    403,
    error('DENIED', 'requested access to the resource is denied'),
    'denies the push',
    'may push',
  ],
  [
    'nobody who is known',
    401,
    error('UNAUTHORIZED', 'authentication required'),
    'asks for credentials',
    'docker login',
  ],
  [
    'Artifactory without the right to overwrite',
    403,
    error('DENIED', "Not enough permissions to delete/overwrite artifact 'app/1/manifest.json'"),
    'lets nobody change',
    '--rewrite',
  ],
  [
    'Nexus that lets nothing be deployed anew',
    400,
    error('UNSUPPORTED', 'Repository does not allow updating assets: docker'),
    'lets nobody change',
    '--rewrite',
  ],
  [
    'ACR under a lock',
    409,
    error('UNSUPPORTED', 'The operation is disallowed on this registry, repository or image: it is write disabled'),
    'takes no pushes (409)',
    'read-only',
  ],
  [
    'a storage that is not of one mind yet',
    404,
    error('MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry'),
    'does not find a part of it',
    'Run the same command again',
  ],
  [
    'one without room, in words',
    500,
    error('UNKNOWN', 'write /var/lib/registry: no space left on device'),
    'has no room left',
    'Raise the quota',
  ],
  ['one in the way of which something is', 409, '', 'for what is there (409)', 'it sends only what is missing'],
  [
    'Quay with immutable tags',
    409,
    error('IMAGE_TAG_ALREADY_EXISTS', 'tag 1'),
    'lets nobody change what is there',
    '--rewrite PREFIX',
  ],
  ['one of docker images alone', 415, '', 'does not take this kind of content (415)', 'media types'],
  ['one that wants money', 402, error('DENIED', 'payment required'), 'wants to be paid (402)', 'who pays'],
  ['one that is asked too often', 429, '', 'limits our requests', '--max-connections 2'],
  [
    'ECR after 12 hours',
    403,
    error('DENIED', 'Your authorization token has expired. Reauthenticate and try again.'),
    'says that the login is over',
    'aws ecr get-login-password',
  ],
  [
    'one that says more in its detail',
    400,
    error('MANIFEST_INVALID', 'manifest invalid', 'annotations are not allowed, see https://example.com/a?sig=x'),
    '(MANIFEST_INVALID: manifest invalid: annotations are not allowed, see https://example.com/a)',
    'what it takes',
  ],
  [
    'one whose detail is data',
    403,
    error('DENIED', 'requested access to the resource is denied', [
      { Type: 'repository', Name: 'team/protected', Action: 'push' },
    ]),
    'denies the push (DENIED: requested access to the resource is denied; Type: repository, Name: team/protected, Action: push)',
    'may push',
  ],
  [
    'a firewall',
    403,
    '<html><title>Blocked by policy</title></html>',
    'denies the push (a web page: Blocked by policy)',
    'A firewall or a proxy',
  ],
  ['one that is ill', 500, '', 'answers 500', 'it sends only what is missing'],
])('%s', async ([, status, body, problem, hint]) => {
  const host = await listenOn((request, response) => {
    request
      .resume()
      .on('end', () => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)))
  })
  const client = new UploadClient({ retry: { attempts: 2, delay: 1 } })
  onTestFinished(() => client.close())
  const failure = await client
    .putManifest(`${host}/team/app`, '1', OCI_MANIFEST, Buffer.from('{}'))
    .catch((caught) => caught)
  expect(failure.message).toContain(problem)
  expect(failure.message).toContain(`${host}/team/app`)
  expect(failure.hint).toContain(hint)
  expect(failure.hint).not.toContain('--mirror')
})

function error(code: string, message: string, detail?: unknown): object {
  return { errors: [{ code, message, detail }] }
}
