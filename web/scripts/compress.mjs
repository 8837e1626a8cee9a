// Puts a compressed file beside each that a browser takes so, for the API server to send as it is.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const isText = /\.(html|js|css|svg|json)$/;
const WORTH_IT = 1024;

for (const name of readdirSync(dist, { recursive: true })) {
  if (!isText.test(name)) continue;
  const file = new URL(name, dist);
  const bytes = readFileSync(file);
  if (bytes.length < WORTH_IT) continue;
  writeFileSync(new URL(`${name}.gz`, dist), gzipSync(bytes, { level: 9 }));
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(new URL(`${name}.br`, dist), brotliCompressSync(bytes, { params: quality }));
}
