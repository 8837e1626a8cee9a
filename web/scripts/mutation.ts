/** One thing taken out of the sources while they are built: see scripts/mutations.mjs. */
import type { Plugin } from 'vite';

interface Mutation {
  readonly file: string;
  readonly old: string;
  readonly without: string;
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  // An answer is sent at once and nowhere kept.
  outbox: {
    file: 'src/work/dispatch.svelte.ts',
    old: 'await this.sender?.add(newEntry(entry, Date.now()));',
    without:
      'const sent = newEntry(entry, Date.now()); this.arrived({ entry: sent, sent: await service.send(sent) });',
  },
  'refresh-lock': {
    file: 'src/api/session.ts',
    old: 'await navigator.locks.request(LOCK, renewNow);',
    without: 'await renewNow();',
  },
  escaping: { file: 'src/display/Text.svelte', old: '{value}{:else}', without: '{@html value}{:else}' },
};

export function mutation(name: string): Plugin {
  const wanted = MUTATIONS[name];
  if (wanted === undefined) throw new Error(`no mutation is called ${name}`);
  return {
    name: 'mutation',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(wanted.file)) return null;
      if (!code.includes(wanted.old))
        throw new Error(`${wanted.file} has changed: teach scripts/mutation.ts`);
      return code.replace(wanted.old, wanted.without);
    },
  };
}
