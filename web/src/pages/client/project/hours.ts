/** The hours of the chart. Pure. */
const HOUR = 3600;

/** From where to where they are drawn, in seconds: half an hour around, so that one hour alone stands in the middle. */
export function spanOf(hours: readonly { hour: string }[]): [number, number] {
  const at = hours.map(({ hour }) => Date.parse(hour) / 1000);
  return [Math.min(...at) - HOUR / 2, Math.max(...at) + HOUR / 2];
}
