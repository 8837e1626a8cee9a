/** The sound of a local file, to be drawn: decoded by the browser where that is cheap. */

/** Beyond these it would take memory and time that a picture is not worth. */
const [MOST_BYTES, MOST_SECONDS] = [32 * 1024 * 1024, 600];
/** The lowest that browsers have to offer; nothing is heard of it. */
const RATE = 8000;

/** One channel; nothing where the browser cannot read the file, or it is too long. */
export async function decode(file: File, seconds: number): Promise<Float32Array | null> {
  if (file.size > MOST_BYTES || seconds > MOST_SECONDS) return null;
  try {
    const context = new OfflineAudioContext(1, 1, RATE);
    const sound = await context.decodeAudioData(await file.arrayBuffer());
    return sound.getChannelData(0);
  } catch {
    return null;
  }
}
