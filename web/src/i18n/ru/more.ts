import type more from '../en/more.ts';
import { account } from './account.ts';
import { admin } from './admin.ts';
import { client, crowd, exports, numbers, wizard } from './client.ts';

const texts: typeof more = { account, admin, client, crowd, exports, numbers, wizard };
export default texts;
