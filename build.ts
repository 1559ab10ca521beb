/**
 * `npm run build`, its first half: program, library and worker thread, bundled, for a run that starts
 * in little more than half the time (test/bench/README.md). The second half, tsc, writes the library's
 * declarations.
 *
 * What package.json has under `dependencies` is installed with oomsim and loaded by the few commands
 * that need it; everything else that src imports is part of the bundle.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Record<string, string>;
};

/** What an earlier build has left: names of chunks change with what is in them. */
function removeModules(): void {
  mkdirSync('dist', { recursive: true });
  for (const name of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
    if (/\.js(\.map)?$/.test(name)) rmSync(`dist/${name}`);
  }
}

/** Bundles src into dist: entry points at the paths they have in src, what they share in chunks. */
async function bundle(): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: ['src/cli/main.ts', 'src/index.ts', 'src/batch/runner/worker.ts'],
    outbase: 'src',
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    external: Object.keys(dependencies),
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    minifyWhitespace: true, // a quarter less to read through: 10 to 20 ms of a start
    // Bundled CommonJS (commander, yaml) goes on calling require(), for modules of Node only.
    banner: { js: 'const require = globalThis.process.getBuiltinModule;' },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
  });
  return metafile;
}

/** The licences of the bundled packages, which ask to be where the code is. */
function notices({ inputs }: Metafile): string {
  const paths = Object.keys(inputs).flatMap(
    (path) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(paths)].map((folder) => `${folder}\n\n${licenceIn(folder)}`).join('\n');
}

/** The text of a package's licence file, or of that chapter of its README. */
function licenceIn(folder: string): string {
  const files = readdirSync(folder);
  const file = files.find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return readFileSync(`${folder}/${file}`, 'utf8');
  const chapter = /^(# *)?licen[cs]e\b[\s\S]*/im.exec(readFileSync(`${folder}/README.md`, 'utf8'));
  if (chapter === null) throw new Error(`${folder} does not tell its licence`);
  return chapter[0];
}

removeModules();
writeFileSync('dist/NOTICES', notices(await bundle()));
