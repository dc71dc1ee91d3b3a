/**
 * The page in the place of the console when files of it are missing. It uses no other file. Its text is the
 * library's own, so there is nothing to escape.
 */
export function missingPage(missing: readonly string[]): string {
  const [first = '', ...others] = missing;
  const more = others.length === 0 ? '' : ` (and ${others.length} more ${others.length === 1 ? 'file' : 'files'})`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Cache console: files are missing</title>
  </head>
  <body>
    <h1>The console cannot be shown: files of it are missing</h1>
    <p>
      <code>console/${first}</code>${more} was looked for beside the module that holds the management of
      inversify-cache, and is not there. A warning of the process says where that is.
    </p>
    <p>A bundler takes modules along, and not these files. One of these helps:</p>
    <ul>
      <li>Copy the folder <code>node_modules/inversify-cache/build/lib/management/console</code> to <code>console</code> beside the bundle.</li>
      <li>Leave inversify-cache out of the bundle (esbuild: <code>--external:inversify-cache</code>), and install it where the service runs.</li>
    </ul>
    <p>The rest of the management works without these files.</p>
  </body>
</html>
`;
}
