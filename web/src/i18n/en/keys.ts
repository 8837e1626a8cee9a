export const keys = {
  title: 'Keys',
  table: [
    ['1 … 0, q …', 'choose an option'],
    ['[ ]', 'previous, next question'],
    ['Enter', 'submit'],
    ['Ctrl+Enter', 'submit from a text box'],
    ['Esc', 'leave a text box'],
    ['S', 'skip, with a reason'],
    ['U', 'take the last answer back'],
    ['?', 'instructions'],
    ['+ − \\', 'zoom an image; fit it'],
    ['P , .', 'play; back, forward 3 s'],
    ['A, R', 'approve, reject (review)'],
  ] as [string, string][],
};
