import { mount } from 'svelte';
import './app.css';
import { loadTexts } from './i18n/index.ts';
import { startRouter } from './router.svelte.ts';
import { applyTheme } from './ui/preferences.svelte.ts';

/** Milliseconds; a slow line gets the system's face and keeps it. */
const FACE_PATIENCE = 400;

applyTheme();
startRouter();
// The first words come in their own face: another put in its place later would move what is read.
const face = document.fonts.load('1em "IBM Plex Sans"', 'Aя').catch(() => []);
const patience = new Promise((go) => setTimeout(go, FACE_PATIENCE));
await Promise.all([loadTexts(), Promise.race([face, patience])]);
const { default: App } = await import('./App.svelte');
const target = document.getElementById('app');
if (target !== null) mount(App, { target });
