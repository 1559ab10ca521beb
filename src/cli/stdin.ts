/** All of standard input as text. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** The beginning of standard input, so many bytes of it at most; all of it stays to be read. */
export async function peekStdin(bytesMax: number): Promise<string> {
  const { stdin } = process;
  const chunk = await new Promise<Buffer | null>((resolve) => {
    stdin.once('end', () => resolve(null));
    stdin.once('readable', () => resolve(stdin.read() as Buffer | null));
  });
  if (chunk === null) return '';
  stdin.unshift(chunk);
  return chunk.toString('utf8', 0, bytesMax);
}
