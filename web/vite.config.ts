import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { mutation } from './scripts/mutation.ts';

const platform = process.env['DATACROWD_URL'] ?? 'http://127.0.0.1:8080';

/** What the API server sends with the console's pages; `vite preview` sends the same. */
const policy = readFileSync(new URL('content-security-policy.txt', import.meta.url), 'utf8')
  .replaceAll('{media}', process.env['CONSOLE_MEDIA_ORIGINS'] ?? '')
  .trim()
  .replaceAll('\n', '; ');

const mutated = process.env['CONSOLE_MUTATION'];
const proxy = { '/api': { target: platform, changeOrigin: true } };

export default defineConfig({
  base: '/app/',
  plugins: [...(mutated === undefined ? [] : [mutation(mutated)]), svelte()],
  build: {
    target: ['chrome125', 'firefox128', 'safari17.5'],
    manifest: true,
    // A file inlined as data: would need img-src data:.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 5173, proxy },
  preview: { port: 4173, strictPort: true, proxy, headers: { 'content-security-policy': policy } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
