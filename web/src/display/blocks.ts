/** Markdown as tokens. What is nested deeper than anybody reads stays text: the lexer overflows, or freezes the page. Pure. */
import { marked, type Token } from 'marked';

const TOO_DEEP = /^[ \t]*(?:>[ \t]*){30}|^[ \t]*(?:[*+-][ \t]+){30}|^[ \t]{200}/m;

export function blocks(text: string): readonly Token[] {
  if (!TOO_DEEP.test(text)) {
    try {
      return marked.lexer(text);
    } catch {
      // Deep in another way.
    }
  }
  return [{ type: 'paragraph', raw: text, text, tokens: [{ type: 'text', raw: text, text }] }];
}
