/** `npm run regressions:update`: after a new MODEL_VERSION, new tokens for the regressions. */
import { updateTokens } from './files.js';

await updateTokens();
