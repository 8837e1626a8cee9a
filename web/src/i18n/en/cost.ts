/** What labels cost that are so sure. */
export const cost = {
  answers: (answers: string) => `${answers} answers an item.`,
  confidence: (share: string) => `Labels ${share} sure`,
  items: 'Items',
  judgements: (judgements: string) => `About ${judgements} judgements.`,
  now: (answers: string) => `So far an item has ${answers}.`,
  take: (judgements: string) => `Take ${judgements}`,
  title: 'What sureness costs',
  unsure: (share: string) =>
    `${share} of items would not be so sure with the answers that they have, and cost more.`,
  why: (field: string, tasks: string) =>
    `By the latest answers to “${field}”, of ${tasks} items: asked one after another, and no more once the label is so sure.`,
};
