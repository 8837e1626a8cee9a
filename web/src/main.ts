import { mount } from 'svelte';
import './app.css';
import { loadTexts } from './i18n/index.ts';
import { startRouter } from './router.svelte.ts';
import { applyTheme } from './ui/preferences.svelte.ts';

applyTheme();
startRouter();
await loadTexts();
const { default: App } = await import('./App.svelte');
const target = document.getElementById('app');
if (target !== null) mount(App, { target });
