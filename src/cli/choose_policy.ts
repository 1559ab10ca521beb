import { loadPolicy, type PolicyFile } from '../run/policy/load.js';
import { isPolicyFile } from '../workload/checkKernel.js';

/**
 * What `--policy` asks for: a built-in policy by name, or a policy file.
 * @throws InputError for a file that is none
 */
export async function choosePolicy(asked: string): Promise<string | PolicyFile>;
export async function choosePolicy(
  asked: string | undefined,
): Promise<string | PolicyFile | undefined>;
export async function choosePolicy(
  asked: string | undefined,
): Promise<string | PolicyFile | undefined> {
  return asked === undefined || !isPolicyFile(asked) ? asked : loadPolicy(asked);
}

/** As choosePolicy(), where a name will not do. @throws InputError */
export async function choosePolicyFile(asked: string | undefined): Promise<PolicyFile | undefined> {
  return asked === undefined ? undefined : loadPolicy(asked);
}
