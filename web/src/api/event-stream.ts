/** Server-sent events out of the bytes of an answer: EventSource sends no Bearer. */
export interface Told {
  readonly id: string;
  readonly data: string;
}

/** Takes text as it comes, cut anywhere; gives the events that are whole. */
export class EventParser {
  private line = '';
  private data: string[] = [];
  private id = '';
  private isBehindCr = false;

  push(text: string): Told[] {
    // The other half of a line's end that was cut in two.
    const rest = this.isBehindCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.isBehindCr = text.endsWith('\r');
    const lines = (this.line + rest).split(/\r\n|\n|\r/);
    this.line = lines.pop() ?? '';
    return lines.flatMap((line) => this.take(line) ?? []);
  }

  private take(line: string): Told | null {
    if (line === '') {
      const { id, data } = this;
      this.data = [];
      return data.length === 0 ? null : { id, data: data.join('\n') };
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }
}

export interface Source {
  ask(lastId: string | null, signal: AbortSignal): Promise<Response>;
  told(event: Told): void;
  /** Bytes flow, or no longer; `isGapless` when nothing can have been missed since the last time. */
  flows(isOpen: boolean, isGapless: boolean): void;
}

const SHORTEST = 1000;
const LONGEST = 30_000;
/** A comment comes every 15 s: a line that is silent for three of them is dead, or something holds it back. */
const SILENCE = 45_000;
/** A refusal that another try may not meet. */
const PASSING = new Set([408, 425, 429]);

/** From 1 s, twice as long each time, to 30 s; half of it by chance, so that not all come back at once. */
export const backOff = (tries: number, chance = Math.random()): number =>
  Math.min(LONGEST, SHORTEST * 2 ** tries) * (0.5 + chance / 2);

/** One stream, asked for again whenever it ends, until it is stopped or refused for good. */
export class EventStream {
  private lastId: string | null = null;
  private stopped: AbortController | null = null;
  private isRefused = false;
  private readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  start(): void {
    if (this.stopped !== null || this.isRefused) return;
    this.stopped = new AbortController();
    void this.run(this.stopped.signal);
  }

  stop(): void {
    this.stopped?.abort();
    this.stopped = null;
  }

  /** Tries once more what was refused: somebody signed in. */
  retry(): void {
    this.isRefused = false;
    this.start();
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted; tries += 1) {
      const how = await this.once(signal).catch(() => 'broken' as const);
      if (signal.aborted) return;
      if (how === 'refused') {
        this.isRefused = true;
        this.stopped = null;
        return;
      }
      if (how === 'flowed') tries = 0;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, backOff(tries));
        signal.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
      });
    }
  }

  private async once(stopped: AbortSignal): Promise<'refused' | 'broken' | 'flowed'> {
    const silent = new AbortController();
    const signal = AbortSignal.any([stopped, silent.signal]);
    const listen = () => setTimeout(() => silent.abort(), SILENCE);
    let timer = listen();
    let isOpen = false;
    try {
      const asked = this.lastId;
      const response = await this.source.ask(asked, signal);
      const { ok, status, headers, body } = response;
      if (!ok) {
        void body?.cancel();
        return status >= 400 && status < 500 && !PASSING.has(status) ? 'refused' : 'broken';
      }
      if (body === null || !(headers.get('content-type') ?? '').startsWith('text/event-stream')) {
        void body?.cancel();
        return 'refused';
      }
      const reader = body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) break;
        clearTimeout(timer);
        timer = listen();
        // Not before bytes come: a proxy may answer, and keep what follows to itself.
        if (!isOpen) {
          isOpen = true;
          this.source.flows(true, asked !== null);
        }
        for (const event of parser.push(decoder.decode(value, { stream: true }))) {
          if (event.id !== '') this.lastId = event.id;
          this.source.told(event);
        }
      }
    } catch {
      // The line broke, or was silent.
    } finally {
      clearTimeout(timer);
      if (isOpen) this.source.flows(false, false);
    }
    return isOpen ? 'flowed' : 'broken';
  }
}
