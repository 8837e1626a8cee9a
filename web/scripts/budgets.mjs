// Holds the built work route against its budget: the script and style that a worker loads before the first item.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMITS = { script: 60_000, style: 12_000 };
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const roots = ['index.html', 'src/App.svelte', 'src/pages/worker/Work.svelte', 'src/work/dispatch.svelte.ts'];
const languages = ['src/i18n/en.ts', 'src/i18n/ru.ts'];

/** Files of the roots and of all that they import without asking for it later. */
function filesOf(names) {
  const files = { script: new Set(), style: new Set() };
  const seen = new Set();
  const add = (name) => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`the build has no ${name}`);
    if (seen.has(name)) return;
    seen.add(name);
    files.script.add(chunk.file);
    for (const style of chunk.css ?? []) files.style.add(style);
    for (const imported of chunk.imports ?? []) add(imported);
  };
  for (const name of names) add(name);
  return files;
}

const sizeOf = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

let isOver = false;
for (const language of languages) {
  const files = filesOf([...roots, language]);
  for (const [what, limit] of Object.entries(LIMITS)) {
    const size = [...files[what]].reduce((sum, file) => sum + sizeOf(file), 0);
    console.log(
      `work route, ${language.slice(-5, -3)}, ${what}: ${size} of ${limit} bytes gzip, ${files[what].size} files`,
    );
    isOver ||= size > limit;
  }
}
process.exit(isOver ? 1 : 0);
