import { describe, expect, it } from 'vitest';
import { canRename, endOfHeader, header, renamed } from './rename.ts';

describe('the header of a CSV', () => {
  it('ends at the first line end outside quotes', () => {
    expect(endOfHeader('id,text\n1,a')).toBe(7);
    expect(endOfHeader('id,"a\nb"\r\n1,x')).toBe(8);
    expect(endOfHeader('id,"a""\n"\n1')).toBe(9);
    expect(endOfHeader('id,text')).toBeNull();
  });

  it('is quoted where a name needs it', () => {
    expect(header(['id', 'a,b', 'say "so"'], ',')).toBe('id,"a,b","say ""so"""');
    expect(header(['id', 'a,b'], ';')).toBe('id;a,b');
  });

  it('is renamed alone: every byte of the rows stays', async () => {
    const rows = '\r\n1;"größer; 😀"\r\n2;b';
    const file = new File([`\uFEFFnr;Satz${rows}`], 'a.csv');
    const sent = await renamed(file, ['nr', 'Satz'], { Satz: 'text' });
    // Blob.text() would take the mark away.
    const bytes = new Uint8Array((await sent?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)).toBe(`\uFEFFnr;text${rows}`);
  });

  it('is left alone where it cannot be told', async () => {
    expect(await renamed(new File([new Uint8Array([0x69, 0xe4, 0x0a])], 'a.csv'), ['i'], {})).toBeNull();
    expect(await renamed(new File([new Uint8Array([0x69, 0, 0x0a, 0])], 'a.csv'), ['i'], {})).toBeNull();
    expect(canRename('a.csv')).toBe(true);
    expect(canRename('a.csv.gz')).toBe(false);
    expect(canRename('a.jsonl')).toBe(false);
  });
});
