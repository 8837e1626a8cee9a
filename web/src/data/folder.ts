/** The files that a person dropped or chose, with their paths below the folder. */

export interface Named {
  readonly name: string;
  readonly file: File;
}

/** What systems leave in folders, which nobody means to send. */
const isLitter = (name: string): boolean =>
  name.split('/').some((part) => part.startsWith('.') || part === 'Thumbs.db' || part === 'desktop.ini');

/** Without litter, and without the folder that all of them are in. */
export function tidy(all: readonly Named[]): Named[] {
  const kept = all.filter(({ name }) => !isLitter(name));
  const [first] = kept;
  const root = first?.name.includes('/') === true ? `${first.name.split('/')[0] ?? ''}/` : null;
  const isShared = root !== null && kept.every(({ name }) => name.startsWith(root));
  const short = isShared ? kept.map(({ name, file }) => ({ name: name.slice(root.length), file })) : kept;
  return short.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A zip alone is a folder, too; its name becomes part of an address. */
export const archiveOf = (all: readonly Named[]): string | null => {
  const [only, ...more] = all;
  if (only === undefined || more.length > 0 || !/\.zip$/i.test(only.name)) return null;
  return only.name.normalize('NFC').replaceAll(/[%#?\\/]/g, '-');
};

export const chosen = (files: Iterable<File>): Named[] =>
  tidy([...files].map((file) => ({ name: file.webkitRelativePath || file.name, file })));

/** To be called while the drop is handled: its items are gone afterwards. */
export async function dropped(items: DataTransferItemList): Promise<Named[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map((entry) => below(entry, '')));
  return tidy(found.flat());
}

async function below(entry: FileSystemEntry, path: string): Promise<Named[]> {
  const name = `${path}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ name, file }];
  }
  const found: Named[] = [];
  for (const one of await children(entry as FileSystemDirectoryEntry))
    found.push(...(await below(one, `${name}/`)));
  return found;
}

/** A reader gives them out in parts, and nothing at the end. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return all;
    all.push(...part);
  }
}
