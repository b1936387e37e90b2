/** `git@host:a/b.git` and `https://host/a/b` are one repository. */
export function sameRepository(url: string): string {
  return url
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/^[^/@]*@/, '')
    .replace(/:(?!\d+\/)/, '/')
    .replace(/(?:\.git)?\/*$/, '')
    .toLowerCase()
}
