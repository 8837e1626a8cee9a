import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { mutation } from './scripts/mutation.ts';

const platform = process.env['DATACROWD_URL'] ?? 'http://127.0.0.1:8080';

const mutated = process.env['CONSOLE_MUTATION'];
const SHELL =
  /\/src\/(?:kept|router\.svelte|title\.svelte|api\/(?:client|json|problem|session)|i18n\/(?:index|plural|problems)|ui\/(?:Copy|Dialog|ProblemBox|preferences|unread|viewer))\./;
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
    // What every page loads comes in one file: each of its own would cost its head and its dictionary again.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shell', test: SHELL }] } } },
  },
  server: { port: 5173, proxy },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
