import { expect, it } from 'vitest';
import { codeOf, linkOf } from './telegram.ts';

it.each([
  ['@datacrowd_bot', 'https://t.me/datacrowd_bot'],
  ['datacrowd_bot', 'https://t.me/datacrowd_bot'],
  ['@a/b?c', 'https://t.me/a%2Fb%3Fc'],
])('%s is opened at %s', (bot, link) => {
  expect(linkOf(bot)).toBe(link);
});

it.each([
  ['7kq2mx', '7KQ2MX'],
  [' 7KQ 2MX\n', '7KQ2MX'],
  ['7kq2mxyz', '7KQ2MX'],
  ['7k', '7K'],
  ['', ''],
])('%j is the code %j', (typed, code) => {
  expect(codeOf(typed)).toBe(code);
});
