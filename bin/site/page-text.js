import { posix } from 'node:path'

/** A page of the site, whole: what stands in it, and the way to all others. */
export function pageText({ file, title, html }, pages) {
  const to = (other) => posix.relative(posix.dirname(file), other)
  const ways = pages.map((page) => {
    const here = page.file === file ? ' aria-current="page"' : ''
    return `    <li><a href="${to(page.file)}"${here}>${escaped(page.title)}</a></li>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'">
<title>${escaped(title === 'nodeseed' ? title : `${title} · nodeseed`)}</title>
<link rel="stylesheet" href="${to('page.css')}">
<link rel="stylesheet" href="${to('site.css')}">
</head>
<body>
<a class="ways" href="#pages">All pages</a>
<main>
${html}</main>
<nav id="pages" aria-label="Pages">
  <ul>
${ways.join('\n')}
  </ul>
</nav>
</body>
</html>
`
}

function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
}
