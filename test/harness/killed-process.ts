// A program that stops where it is told to, says so and waits, to be killed with nothing of it tidied up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs Node with these arguments until it prints `stopped`, serves or ends, and kills it then. Answers whether it had stopped, and all it printed. */
export async function killedWhenStopped(
  argumentsOfNode: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly stopped: boolean; readonly said: string }> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, argumentsOfNode, { env: { PATH, HOME, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = once(child, 'close');
  let said = '';
  const stopped = new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (/^(stopped$|Lethe listens)/m.test(said)) resolve();
    });
  });
  child.stderr.on('data', (piece: Buffer) => void (said += piece.toString()));
  await Promise.race([stopped, gone]);
  child.kill('SIGKILL');
  await gone;
  return { stopped: /^stopped$/m.test(said), said };
}
