import { fileURLToPath } from 'node:url';

/**
 * The path of a file that comes with the package, from the package's folder. That is two steps up
 * from src/workload and from dist/chunks alike, where the build puts what all entry points share.
 */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
