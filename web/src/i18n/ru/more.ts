import type more from '../en/more.ts';
import { admin } from './admin.ts';
import { client, crowd, exports, numbers, wizard } from './client.ts';

const texts: typeof more = { admin, client, crowd, exports, numbers, wizard };
export default texts;
