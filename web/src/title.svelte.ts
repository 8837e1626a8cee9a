/** The title of the window: the thing that is shown, its page, the product; by it tabs and bookmarks are told apart. */
const PRODUCT = 'DataCrowd';

class Shown {
  /** The thing named last, by its id in the address: on another page of the same one its name is there at once. */
  thing = $state.raw<{ readonly id: string; readonly name: string } | null>(null);
}
const shown = new Shown();

/** Says what the thing of the page's address is called, as soon as that is known. */
export function nameThing(id: string, name: () => string | undefined): void {
  $effect(() => {
    const known = name();
    if (known !== undefined) shown.thing = { id, name: known };
  });
}

/** The name of the thing that one of these parameters of the address leads to, where a page has said it. */
export const thingOf = (params: Readonly<Record<string, string>>): string | null =>
  shown.thing !== null && Object.values(params).includes(shown.thing.id) ? shown.thing.name : null;

export const titleOf = (page: string | null, thing: string | null): string =>
  [thing, page, PRODUCT].filter((part) => part !== null && part.trim() !== '').join(' · ');
