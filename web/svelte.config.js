import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  // Templates are built node by node: the page's policy lets nobody turn a string into HTML.
  compilerOptions: { fragments: 'tree', runes: true },
};
