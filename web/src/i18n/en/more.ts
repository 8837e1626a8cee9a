import { admin } from './admin.ts';
import { client, crowd, exports, numbers, wizard } from './client.ts';

export default { admin, client, crowd, exports, numbers, wizard };
