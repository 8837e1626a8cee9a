import type { Body } from '../../../api/client.ts';

/** The columns that a project needs of its data. */
export const columnsOf = ({ labeling }: Body<'ProjectBody'>): string[] => [
  ...new Set([
    ...(labeling?.display ?? []).map(({ column }) => column),
    ...(labeling?.externalIdColumn ? [labeling.externalIdColumn] : []),
  ]),
];

/** The columns that a file of a folder has; the last two only an image. */
export const FILE_COLUMNS = ['file', 'name', 'sizeBytes', 'mediaType', 'etag', 'width', 'height'];
