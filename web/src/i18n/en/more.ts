import { account } from './account.ts';
import { admin } from './admin.ts';
import { client, crowd, exports, numbers, wizard } from './client.ts';

export default { account, admin, client, crowd, exports, numbers, wizard };
