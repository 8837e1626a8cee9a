import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { mutation } from './scripts/mutation.ts';

const platform = process.env['DATACROWD_URL'] ?? 'http://127.0.0.1:8080';
const media = process.env['CONSOLE_MEDIA_ORIGINS'] ?? '';

/** What the API server sends with the console's pages; `vite preview` sends the same, so that tests meet it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  `img-src 'self' ${media}`.trim(),
  `media-src 'self' ${media}`.trim(),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ');

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
