/** A long text in pieces that the browser lays out only when they come into view. Pure. */

const PIECE = 4000;

/** Cut at line ends where there are any near, else at code points; joined they are the text again. */
export function pieces(text: string): string[] {
  const found: string[] = [];
  let from = 0;
  while (text.length - from > PIECE * 1.5) {
    const line = text.lastIndexOf('\n', from + PIECE);
    const space = text.lastIndexOf(' ', from + PIECE);
    let cut = line > from ? line + 1 : space > from ? space + 1 : from + PIECE;
    // Never between the halves of a pair.
    const unit = text.charCodeAt(cut);
    if (unit >= 0xdc00 && unit <= 0xdfff) cut += 1;
    found.push(text.slice(from, cut));
    from = cut;
  }
  found.push(text.slice(from));
  return found;
}
