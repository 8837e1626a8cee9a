/** A bot of Telegram, and the codes that it gives out. */

const LENGTH = 6;

/** Where a bot is opened, by its name with the @. */
export const linkOf = (bot: string): string => `https://t.me/${encodeURIComponent(bot.replace(/^@/, ''))}`;

/** A code as it is typed or pasted, in upper case. */
export const codeOf = (typed: string): string => typed.replace(/\s/g, '').toUpperCase().slice(0, LENGTH);
